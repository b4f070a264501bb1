package harness;

import harness.Processes.Backends;
import harness.Processes.Cpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// SQL by hand, through `pgbench` with prepared statements.
///
/// @param sql one statement, whose first column is the id; `:id` is the number of the query
/// @param options of its sessions, as `PGOPTIONS` has them
record Pgbench(String name, Database database, String sql, String options, Backends backends)
    implements Contender {

  private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+)");

  @Override
  public Load run(int connections, int seconds) throws Exception {
    Path directory = Files.createTempDirectory("sheaf-bench");
    try {
      Path script = directory.resolve("script");
      Files.writeString(script, "\\set id random(0, %d)%n%s;%n".formatted(Corpus.QUERIES - 1, sql));
      var builder =
          new ProcessBuilder(
                  "pgbench",
                  "-n",
                  "-M",
                  "prepared",
                  "-f",
                  script.toString(),
                  "-c",
                  Integer.toString(connections),
                  "-j",
                  Integer.toString(Math.min(2, connections)),
                  "-T",
                  Integer.toString(seconds),
                  "-l",
                  "--log-prefix",
                  directory.resolve("log").toString())
              .redirectErrorStream(true);
      builder.environment().putAll(database.environment());
      builder.environment().put("PGOPTIONS", options);
      Cpu before = Cpu.now(List.of(), backends);
      Process process = builder.start();
      String said = new String(process.getInputStream().readAllBytes());
      Matcher rate = RATE.matcher(said);
      if (process.waitFor() != 0 || !rate.find()) {
        throw new IOException("pgbench: " + said);
      }
      Cpu cpu = Cpu.now(List.of(), backends).since(before);
      int[] micros = micros(directory);
      return new Load(micros.length / Double.parseDouble(rate.group(1)), micros, cpu);
    } finally {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  private static int[] micros(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      IntStream.Builder micros = IntStream.builder();
      for (Path log :
          files.filter(file -> file.getFileName().toString().startsWith("log.")).toList()) {
        Files.readAllLines(log).forEach(line -> micros.add(Integer.parseInt(line.split(" ")[2])));
      }
      return micros.build().toArray();
    }
  }

  @Override
  public List<String> find(int query) throws SQLException {
    try (Connection connection = database.connect(options);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql.replace(":id", Integer.toString(query)))) {
      var ids = new ArrayList<String>();
      while (rows.next()) {
        ids.add(rows.getString(1));
      }
      return ids;
    }
  }

  /// What PostgreSQL does, to be looked at where it matters.
  String plan() throws SQLException {
    try (Connection connection = database.connect(options);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("EXPLAIN " + sql.replace(":id", "1"))) {
      var plan = new StringBuilder();
      while (rows.next()) {
        plan.append(rows.getString(1)).append('\n');
      }
      return plan.toString();
    }
  }
}

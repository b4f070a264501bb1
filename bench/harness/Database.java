package harness;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/// A database of the server that is measured.
///
/// @param url `postgresql://user:password@host:port/name`
record Database(URI url) {

  Database named(String name) {
    return new Database(URI.create(url.toString().replaceFirst("/[^/?]+(\\?.*)?$", "/" + name)));
  }

  String name() {
    return url.getPath().substring(1);
  }

  private String user(int part) {
    return URLDecoder.decode(url.getRawUserInfo().split(":", 2)[part], StandardCharsets.UTF_8);
  }

  private int port() {
    return url.getPort() < 0 ? 5432 : url.getPort();
  }

  /// What `psql`, `pgbench` and Sheaf read.
  Map<String, String> environment() {
    var environment = new LinkedHashMap<String, String>();
    environment.put("PGHOST", url.getHost());
    environment.put("PGPORT", Integer.toString(port()));
    environment.put("PGUSER", user(0));
    environment.put("PGPASSWORD", user(1));
    environment.put("PGDATABASE", name());
    environment.put("DATABASE_URL", url.toString());
    return environment;
  }

  /// @param options of the session, as `PGOPTIONS` has them
  Connection connect(String options) throws SQLException {
    var properties = new Properties();
    properties.put("user", user(0));
    properties.put("password", user(1));
    properties.put("options", options);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + url.getHost() + ":" + port() + "/" + name(), properties);
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// The first column of the first row.
  String value(String sql) throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : "";
    }
  }

  long number(String sql) throws SQLException {
    return Long.parseLong(value(sql));
  }

  boolean exists() throws SQLException {
    return !named("postgres")
        .value("SELECT 1 FROM pg_database WHERE datname = '" + name() + "'")
        .isEmpty();
  }

  void create() throws SQLException {
    named("postgres").execute("CREATE DATABASE " + name() + " TEMPLATE template0");
  }

  void drop() throws SQLException {
    named("postgres").execute("DROP DATABASE IF EXISTS " + name() + " WITH (FORCE)");
  }

  Processes.Backends backends() throws SQLException, IOException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      boolean here = url.getHost().matches("127\\..*|localhost");
      return new Processes.Backends(here ? Processes.parent(row.getLong(1)) : -1, name());
    }
  }
}

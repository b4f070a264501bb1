package dev.sheaf.testing;

import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// The installed PostgreSQL, run as `scripts/local-postgres` does, in its own directory.
public final class LocalPostgres implements FaultyPostgres {

  private final Path home;
  private final DatabaseAddress address;
  private final List<Path> disks = new ArrayList<>();

  private LocalPostgres(Path home) throws IOException {
    this.home = home;
    this.address = DatabaseAddress.parse(script("url"));
  }

  public static LocalPostgres create() throws IOException {
    return new LocalPostgres(home());
  }

  private static Path home() throws IOException {
    // Where `scripts/local-postgres run --in-memory` has its own.
    Path parent =
        Path.of(
            Objects.requireNonNullElseGet(
                System.getenv("SHEAF_POSTGRES_HOME"), () -> System.getProperty("java.io.tmpdir")));
    Path home = Files.createTempDirectory(parent, "sheaf-postgres");
    // If PostgreSQL runs as another user, that user must be able to access the directory.
    return Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// Starts a streaming standby of this server.
  public LocalPostgres standby() throws IOException {
    Path home = home();
    Path copy = home.resolve("cluster");
    run(
        "pg_basebackup",
        "--pgdata=" + copy,
        "--write-recovery-conf",
        "--checkpoint=fast",
        "--host=" + address.host(),
        "--port=" + address.port(),
        "--username=" + address.user());
    run("chown", "--recursive", "--reference=" + data(), copy.toString());
    return new LocalPostgres(home);
  }

  private void run(String... command) throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PGPASSWORD", String.valueOf(address.password()));
    Process process = builder.start();
    String said = process.inputReader().readAllAsString();
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(said);
    }
  }

  private String script(String verb) throws IOException {
    var builder =
        new ProcessBuilder("scripts/local-postgres", verb)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("SHEAF_POSTGRES_HOME", home.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException("scripts/local-postgres " + verb + " failed");
    }
    return output;
  }

  @Override
  public DatabaseAddress address() {
    return address;
  }

  /// The data directory.
  public Path data() {
    return home.resolve("cluster");
  }

  public void stop() throws IOException {
    script("stop");
  }

  @Override
  public void restart() throws IOException {
    stop();
    script("start");
  }

  @Override
  public void crash() throws IOException {
    kill();
    script("start");
  }

  /// Kills the server, which stays away.
  public void kill() throws IOException {
    ProcessHandle postmaster = postmaster();
    // The postmaster first, because it would restart processes that end.
    List<ProcessHandle> all =
        Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    CompletableFuture.allOf(
            all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new))
        .join();
  }

  @Override
  public void pause() throws IOException {
    ProcessHandle postmaster = postmaster();
    // The postmaster first, because it would start new processes.
    signal("STOP", Stream.of(postmaster));
    signal("STOP", postmaster.descendants());
  }

  @Override
  public void resume() throws IOException {
    ProcessHandle postmaster = postmaster();
    signal("CONT", postmaster.descendants());
    signal("CONT", Stream.of(postmaster));
    awaitReady();
  }

  /// Sends a signal to processes, of which some may have ended already.
  ///
  /// @return whether none had
  static boolean signal(String name, Stream<ProcessHandle> processes) throws IOException {
    Stream<String> pids = processes.map(process -> String.valueOf(process.pid()));
    List<String> command = Stream.concat(Stream.of("kill", "-" + name), pids).toList();
    Process kill = new ProcessBuilder(command).redirectErrorStream(true).start();
    return kill.onExit().join().exitValue() == 0;
  }

  private ProcessHandle postmaster() throws IOException {
    String pid = Files.readAllLines(data().resolve("postmaster.pid")).getFirst();
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  /// Mounts a file system of this size, which the server may use; empty if this user may not mount
  /// one. A test can fill it with other files.
  public Optional<Path> mountDisk(String name, int megabytes) throws IOException {
    Path disk = Files.createDirectory(home.resolve(name));
    disks.add(disk);
    String options =
        "size=%sm,mode=0700,uid=%s".formatted(megabytes, Files.getAttribute(data(), "unix:uid"));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk.toString())
            .redirectErrorStream(true)
            .start();
    return mount.onExit().join().exitValue() == 0 ? Optional.of(disk) : Optional.empty();
  }

  /// Restarts the server with its write-ahead log in another, empty directory.
  public void moveWal(Path directory) throws IOException {
    Path wal = data().resolve("pg_wal");
    script("stop");
    run("cp", "-a", wal + "/.", directory.toString());
    delete(wal);
    Files.createSymbolicLink(wal, directory);
    script("start");
  }

  /// Starts the server if it has stopped itself.
  public void startIfStopped() throws IOException {
    script("start");
    awaitReady();
  }

  @Override
  public void close() throws IOException {
    if (Files.exists(data().resolve("postmaster.pid"))) {
      ProcessHandle postmaster = postmaster();
      signal("CONT", Stream.concat(Stream.of(postmaster), postmaster.descendants()));
    }
    stop();
    for (Path disk : disks) {
      new ProcessBuilder("umount", disk.toString())
          .redirectErrorStream(true)
          .start()
          .onExit()
          .join();
    }
    delete(home);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

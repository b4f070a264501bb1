package dev.sheaf.backup;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.PostgresServer;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.database.SqlStates;
import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.history.EngineTables;
import dev.sheaf.migration.history.VerifiedBackup;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Takes backups, restores them, and proves that they can be restored, with the `pg_dump` and
/// `pg_restore` of the machine this runs on.
public final class Backups {

  /// Bytes of a name that PostgreSQL keeps.
  private static final int LONGEST_NAME = 63;

  /// Where databases are created from and dropped: one that every server has.
  private static final String MAINTENANCE = "postgres";

  /// What is in a database that nobody has put anything into. An administrator may have created the
  /// extension beforehand.
  private static final Pattern COMES_WITH_A_DATABASE =
      Pattern.compile("schema public$|extension |(default )?privileges |event trigger ");

  /// It halves the text of vectors; level 6 takes several times as long for another tenth.
  private static final int COMPRESSION = 1;

  /// Writes `source`, as it is at this moment, to `file`, while everybody goes on working with it.
  /// The file appears when it is complete, and until then is `file.partial`.
  ///
  /// @throws OperatorException when it cannot be done; nothing is left then
  public BackupResult backup(DatabaseAddress source, Path file, BackupListener listener) {
    try (Tracker tracker = new Tracker(listener);
        SourceSnapshot snapshot = SourceSnapshot.of(source)) {
      ClientProgram pgDump = ClientProgram.find("pg_dump", snapshot.server().major());
      try (BackupFile.Writer writer = BackupFile.Writer.create(file)) {
        Contents contents = dump(source, snapshot, pgDump, file, writer, tracker);
        BackupFile backup = writer.finish(snapshot.manifest(pgDump, contents));
        return BackupResult.of(backup, tracker.sofar());
      }
    }
  }

  /// Dumps, and counts meanwhile.
  private static Contents dump(
      DatabaseAddress source,
      SourceSnapshot snapshot,
      ClientProgram pgDump,
      Path file,
      BackupFile.Writer writer,
      Tracker tracker) {
    List<String> arguments =
        List.of(
            "--format=custom",
            "--compress=" + COMPRESSION,
            "--snapshot=" + snapshot.id(),
            "--lock-wait-timeout=60s",
            "--verbose",
            "--no-password");
    try (ClientProcess process =
        ClientProcess.start(pgDump, arguments, source, "", tracker::heard)) {
      tracker.begin(Phase.DUMPING, snapshot.tables(), 0);
      CompletableFuture<Void> copied = new CompletableFuture<>();
      Thread.ofPlatform()
          .daemon()
          .name("backup")
          .start(() -> {
            try {
              copy(process.output(), writer, tracker);
              copied.complete(null);
            } catch (IOException | RuntimeException e) {
              process.kill();
              copied.completeExceptionally(e);
            }
          });
      Contents contents = snapshot.contents(_ -> !process.failed());
      try {
        copied.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof IOException io ? BackupFile.Writer.failed(file, io) : e;
      }
      process.await("dumping " + source.database());
      return contents;
    }
  }

  private static void copy(InputStream dump, BackupFile.Writer writer, Tracker tracker)
      throws IOException {
    byte[] buffer = new byte[1 << 16];
    for (int count = dump.read(buffer); count >= 0; count = dump.read(buffer)) {
      writer.dump().write(buffer, 0, count);
      tracker.moreBytes(count);
    }
  }

  /// Restores `file` as the database `into`, which is created when there is none of that name. All
  /// of it is there in the end, or nothing of it, even when this process is killed.
  ///
  /// @throws OperatorException when the database holds something already and may not be replaced,
  ///   when it is to be replaced and somebody is connected to it, when the file is damaged, or when
  ///   it cannot be done
  public BackupResult restore(
      Path file, DatabaseAddress into, RestoreOptions options, BackupListener listener) {
    requireName(into.database());
    try (Tracker tracker = new Tracker(listener)) {
      Target target = look(into, options.replace());
      BackupFile backup = BackupFile.check(file, tracker);
      if (target == Target.EMPTY) {
        Restore.of(backup, server(into), tracker).into(into, true, options.privileges());
        analyze(into, tracker);
      } else {
        beside(backup, into, target == Target.OCCUPIED, options, tracker);
      }
      return BackupResult.of(backup, tracker.sofar());
    }
  }

  /// Rejects a name that could not be given to the database in the end.
  private static void requireName(String name) {
    if (name.isBlank()
        || name.contains("\"")
        || name.chars().anyMatch(Character::isISOControl)
        || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      throw new OperatorException(
          "a backup cannot be restored into a database of this name: " + name,
          "use a name of at most 63 bytes, without quotation marks and control characters");
    }
  }

  private static void beside(
      BackupFile backup,
      DatabaseAddress into,
      boolean replace,
      RestoreOptions options,
      Tracker tracker) {
    DatabaseAddress server = into.withDatabase(MAINTENANCE);
    Restore restore = Restore.of(backup, server(server), tracker);
    try (ScratchDatabase database = ScratchDatabase.forRestore(server)) {
      restore.into(database.address(), false, options.privileges());
      analyze(database.address(), tracker);
      database.keepAs(into.database(), replace);
    }
  }

  /// What stands where a backup is to be restored.
  private enum Target {
    ABSENT,
    EMPTY,
    OCCUPIED
  }

  private static Target look(DatabaseAddress into, boolean replace) {
    try (Connection connection = into.open("sheaf backup")) {
      if (CatalogSnapshot.of(connection).objects().keySet().stream()
          .allMatch(object -> COMES_WITH_A_DATABASE.matcher(object).lookingAt())) {
        return Target.EMPTY;
      }
      if (!replace) {
        throw new OperatorException(
            "database " + into.database() + " is not empty, and stays as it is",
            "restore into another database, or replace this one: --replace");
      }
      if (othersAreConnected(connection)) {
        throw ScratchDatabase.inUse(into.database(), null);
      }
      return Target.OCCUPIED;
    } catch (SQLException e) {
      throw SqlErrorMessage.running(into, "looking at " + into.database(), e);
    } catch (OperatorException e) {
      if (e.getCause() instanceof SQLException cause
          && SqlStates.INVALID_CATALOG_NAME.equals(cause.getSQLState())) {
        return Target.ABSENT;
      }
      throw e;
    }
  }

  private static boolean othersAreConnected(Connection connection) throws SQLException {
    String sql =
        """
        SELECT EXISTS (SELECT
                         FROM pg_stat_activity
                        WHERE datname = current_database()
                          AND backend_type = 'client backend'
                          AND pid <> pg_backend_pid())
        """;
    try (Statement select = connection.createStatement();
        ResultSet row = select.executeQuery(sql)) {
      return row.next() && row.getBoolean(1);
    }
  }

  private static PostgresServer server(DatabaseAddress address) {
    try (Connection connection = address.open("sheaf backup")) {
      return PostgresServer.of(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, "looking at the server", e);
    }
  }

  /// A dump carries no statistics, and without them the first searches would be planned blindly.
  private static void analyze(DatabaseAddress database, Tracker tracker) {
    tracker.begin(Phase.ANALYZING, 0, 0);
    try (Connection connection = database.open("sheaf backup");
        Statement statement = connection.createStatement()) {
      Contents.waitForever(connection);
      statement.execute("ANALYZE");
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "analyzing " + database.database(), e);
    }
  }

  /// Restores `file` for proof into a database of its own on `server`, compares every object and
  /// the rows of every table with what they were when it was taken, and drops the database. A
  /// backup that holds what it says is put on the record of `source`.
  ///
  /// @param source the database that it has to be a backup of, at the schema version that database
  ///   has now; `null` to ask only whether it can be restored, which is then not recorded
  /// @param server where the database is created; any database of that server
  /// @throws OperatorException when the file is damaged, is of another schema version than
  ///   `source`, or cannot be restored
  public BackupVerification verify(
      Path file,
      @Nullable DatabaseAddress source,
      DatabaseAddress server,
      BackupListener listener) {
    try (Tracker tracker = new Tracker(listener)) {
      BackupFile backup = BackupFile.check(file, tracker);
      if (source != null) {
        requireSameVersion(backup, source);
      }
      Restore restore = Restore.of(backup, server(server), tracker);
      Contents restored;
      Duration took;
      try (ScratchDatabase scratch = ScratchDatabase.forRestore(server)) {
        restore.into(scratch.address(), false, false);
        took = tracker.sofar();
        restored = read(scratch.address(), backup, tracker);
      }
      Contents expected = backup.manifest().contents();
      List<Difference> differences = expected.differences(restored);
      List<String> notes = new ArrayList<>(expected.otherVersions(restored));
      VerifiedBackup recorded =
          source != null && differences.isEmpty() ? record(backup, source, took, notes) : null;
      notes.forEach(tracker::note);
      return new BackupVerification(
          BackupResult.of(backup, tracker.sofar()), differences, recorded, notes);
    }
  }

  private static void requireSameVersion(BackupFile backup, DatabaseAddress source) {
    SchemaVersion then = backup.manifest().schema();
    SchemaVersion now;
    try (Connection connection = source.open("sheaf backup")) {
      now = SchemaVersion.of(connection);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(source, "reading the history of " + source.database(), e);
    }
    String different = then.firstDifference(now);
    if (different != null) {
      throw new OperatorException(
          "%s holds the schema at %s, and database %s is at %s: they differ in %s"
              .formatted(backup.path(), then, source.database(), now, different),
          "take a new backup");
    }
  }

  private static Contents read(DatabaseAddress scratch, BackupFile backup, Tracker tracker) {
    tracker.begin(Phase.COUNTING, backup.manifest().contents().rows().size(), 0);
    try (Connection connection = scratch.open("sheaf backup")) {
      Contents.waitForever(connection);
      return Transactions.call(
          connection,
          same ->
              Contents.of(
                  same,
                  tables -> {
                    tracker.tables(tables);
                    return true;
                  }));
    } catch (SQLException e) {
      throw SqlErrorMessage.running(scratch, "counting what was restored", e);
    }
  }

  private static @Nullable VerifiedBackup record(
      BackupFile backup, DatabaseAddress source, Duration restored, List<String> notes) {
    Manifest.Origin origin = backup.manifest().origin();
    try (Connection connection = source.open("sheaf backup")) {
      if (!origin.isSame(SourceSnapshot.origin(source, connection))) {
        notes.add("not put on record: it is a backup of another database, " + origin.address());
        return null;
      }
      EngineTables.prepare(connection);
      return VerifiedBackup.record(
          connection,
          backup.path().toString(),
          backup.seal(),
          backup.bytes(),
          backup.manifest().schema().fingerprint(),
          backup.manifest().takenAt().toString(),
          restored);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(
          source, backup.path() + " is good, but putting that on record", e);
    }
  }
}

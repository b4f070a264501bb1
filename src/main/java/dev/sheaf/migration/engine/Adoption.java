package dev.sheaf.migration.engine;

import dev.sheaf.database.Transactions;
import dev.sheaf.migration.Approval;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.MigrationListener.Direction;
import dev.sheaf.migration.changelog.ChangelogConversion;
import dev.sheaf.migration.changelog.ChangelogForm;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.history.BackfillRegister;
import dev.sheaf.migration.history.Changesets;
import dev.sheaf.migration.history.History;
import dev.sheaf.migration.history.MigrationTool;
import dev.sheaf.migration.history.ToolHistory;
import dev.sheaf.migration.proof.Verification;
import dev.sheaf.runtime.Abbreviation;
import dev.sheaf.runtime.OperatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// Records as applied what another tool or a person applied, after it was compared with what the
/// same files make in a scratch database, while the `SchemaLock` is held. It can write the files as
/// formatted SQL.
public final class Adoption {

  /// Whose rows stand in the table in which Sheaf has its own.
  public static final String LIQUIBASE = "liquibase";

  private static final String ALEMBIC = "alembic";

  /// A database without a history, in which all files are applied.
  private static final String DATABASE = "database";

  /// What a history can be taken over from. `sql` is a person, who says it with `--at`.
  public static final List<String> SOURCES =
      Stream.concat(
              Stream.of(MigrationTool.values()).map(MigrationTool::id),
              Stream.of(LIQUIBASE, ALEMBIC, DATABASE, "sql"))
          .toList();

  /// More objects are not listed in a message.
  static final int LISTED = 20;

  private final Connection connection;
  private final Changesets changesets;
  private final Verification verification;
  private final ResultRecorder recorder;

  Adoption(
      Connection connection,
      Changesets changesets,
      Verification verification,
      ResultRecorder recorder) {
    this.connection = connection;
    this.changesets = changesets;
    this.verification = verification;
    this.recorder = recorder;
  }

  /// What is adopted.
  ///
  /// @param from what says what is applied: one of [#SOURCES]
  /// @param table the tool's table; `null` for its default
  /// @param module the module of the files
  /// @param at the last version that is applied; `null` if `from` says so
  /// @param force whether differences are recorded, and not refused
  /// @param convert the directory into which the files are written as formatted SQL, which is
  ///   recorded instead of them; `null` to record them as they are
  public record Request(
      String from,
      @Nullable String table,
      String module,
      @Nullable ChangesetVersion at,
      boolean force,
      @Nullable Path convert) {

    public Request {
      if (!SOURCES.contains(from)) {
        throw new OperatorException(
            "there is no tool " + from, "there are: " + String.join(", ", SOURCES));
      }
    }

    /// Whether the files are a changelog of Liquibase, which is split into files of Sheaf. Then the
    /// changelogs need not be read before: only their directory counts.
    public boolean splits() {
      return from.equals(LIQUIBASE) && convert != null;
    }

    @Nullable MigrationTool tool() {
      return MigrationTool.of(from).orElse(null);
    }
  }

  /// Takes over the history of another tool.
  ///
  /// @throws OperatorException if the history, the files and the database do not belong together;
  ///   nothing is recorded
  void adopt(Request request, Approval approval) throws SQLException {
    if (request.from().equals(LIQUIBASE)) {
      LiquibaseHistory.requireUnlocked(connection);
    }
    List<History.Foreign> rows =
        request.from().equals(LIQUIBASE) ? History.foreign(connection) : List.of();
    Adoption adoption =
        request.splits()
            ? new Adoption(
                connection,
                LiquibaseHistory.split(changesets.changelogs(), request.module(), rows),
                verification,
                recorder)
            : this;
    adoption.adopt(request, rows, approval);
  }

  /// @param rows those of Liquibase, if its history is taken over
  private void adopt(Request request, List<History.Foreign> rows, Approval approval)
      throws SQLException {
    changesets.modules().requireEnabled(request.module());
    if (request.force() && (approval.reason() == null || approval.reason().isBlank())) {
      throw new OperatorException("--force requires a reason", "add --reason WHY");
    }
    List<History.Applied> history = History.read(connection);
    if (history.stream().anyMatch(row -> row.module().equals(request.module()))) {
      throw new OperatorException(
          "module " + request.module() + " already has a migration history",
          "apply the pending changesets: sheaf migrate up");
    }
    List<Changeset> module = changesets.of(request.module());
    MigrationTool tool = request.tool();
    @Nullable ToolHistory old =
        tool == null ? null : ToolHistory.read(connection, tool, request.table());
    List<Changeset> applied =
        old == null
            ? switch (request.from()) {
              case LIQUIBASE ->
                  request.splits()
                      ? module.subList(0, rows.size())
                      : LiquibaseHistory.applied(rows, module);
              case ALEMBIC -> AlembicHistory.applied(connection, request.table(), module);
              case DATABASE -> request.at() == null ? all(request, module) : upTo(request, module);
              default -> upTo(request, module);
            }
            : Stream.concat(
                    applied(old, request, module).stream(), repeatables(old, request).stream())
                .toList();
    applied.forEach(Changeset::requireRunnable);
    if (request.convert() == null) {
      requireSame(request, allOf(history, applied));
      write(request, old, rows, applied, approval, () -> {});
    } else {
      try (ChangelogConversion conversion = conversion(request, request.convert())) {
        requireSame(request, allOf(history, applied));
        requireSame(conversion);
        convert(
            request,
            old,
            rows,
            applied.stream().map(conversion::of).toList(),
            approval,
            conversion);
      }
    }
    String missing = Changeset.withoutRollback(applied);
    if (!missing.isEmpty()) {
      recorder.note(missing);
    }
  }

  private ChangelogConversion conversion(Request request, Path root) {
    return request.splits()
        ? ChangelogConversion.split(changesets.changelogs(), request.module(), root)
        : ChangelogConversion.of(changesets.changelogs(), request.module(), root);
  }

  /// The files stay where they were published only if the history was written.
  private void convert(
      Request request,
      @Nullable ToolHistory old,
      List<History.Foreign> rows,
      List<Changeset> applied,
      Approval approval,
      ChangelogConversion conversion)
      throws SQLException {
    boolean[] published = {false};
    try {
      write(
          request,
          old,
          rows,
          applied,
          approval,
          () -> {
            conversion.publish();
            published[0] = true;
          });
    } catch (SQLException | RuntimeException e) {
      if (published[0]) {
        conversion.withdraw();
      }
      throw e;
    }
    recorder.note("the files are formatted SQL in " + conversion.target());
  }

  /// Writes the history, and does what comes last before the end of the transaction.
  private void write(
      Request request,
      @Nullable ToolHistory old,
      List<History.Foreign> rows,
      List<Changeset> applied,
      Approval approval,
      Runnable last)
      throws SQLException {
    String reason =
        "adopted from %s%s%s"
            .formatted(
                request.from(),
                old == null ? "" : ", " + old.table(),
                approval.reason() == null ? "" : ": " + approval.reason());
    Transactions.run(
        connection,
        _ -> {
          if (old != null
              ? !old.equals(ToolHistory.read(connection, old.tool(), old.table()))
              : request.from().equals(LIQUIBASE) && !rows.equals(History.foreign(connection))) {
            throw new OperatorException(
                request.from() + " has changed the schema meanwhile",
                "stop it, and run the command again");
          }
          record(applied, new Approval(approval.by(), reason));
          last.run();
        });
  }

  /// Records changesets as applied, in the caller's transaction.
  void record(List<Changeset> applied, Approval approval) throws SQLException {
    for (Changeset changeset : applied) {
      History.add(connection, changeset, "baseline");
      History.event(
          connection, new History.Event("baseline", changeset.file().path(), null, approval));
      recorder.recorded(changeset.label(), Direction.UP);
      BackfillRegister.register(connection, changeset);
    }
    Set<String> paths = paths(History.read(connection));
    if (changesets.enabled().stream().allMatch(all -> paths.contains(all.file().path()))
        && changesets.pendingRepeatables(connection).isEmpty()) {
      History.recordUpToDate(connection, changesets.fingerprint(), List.of());
    }
  }

  private List<Changeset> all(Request request, List<Changeset> module) {
    return Stream.concat(
            module.stream(),
            changesets.repeatables().stream().filter(c -> c.module().equals(request.module())))
        .toList();
  }

  private List<Changeset> upTo(Request request, List<Changeset> module) {
    ChangesetVersion at = request.at();
    if (at == null) {
      throw new OperatorException(
          "without the history of a tool, nothing says what is applied",
          "add --at N, the number of the last file that was applied");
    }
    changesets.requireVersion(request.module(), at);
    return module.stream().filter(changeset -> !changeset.version().isAfter(at)).toList();
  }

  private List<Changeset> applied(ToolHistory old, Request request, List<Changeset> module) {
    if (old.failed() != null) {
      throw new OperatorException(
          "%s says that %s failed: %s"
              .formatted(
                  old.table(),
                  old.tool() == MigrationTool.GOLANG_MIGRATE
                      ? "version " + old.failed() + " is dirty; its file"
                      : "version " + old.failed(),
                  name(module, old.failed())),
          "find out which of its statements ran, complete or undo them, and correct the row with "
              + old.tool().id());
    }
    Map<ChangesetVersion, Changeset> files = new LinkedHashMap<>();
    module.forEach(changeset -> files.put(changeset.version(), changeset));
    Optional<ChangesetVersion> missing =
        old.applied().keySet().stream().filter(version -> !files.containsKey(version)).findFirst();
    if (missing.isPresent()) {
      throw new OperatorException(
          "%s records version %s, but module %s has no file with this number"
              .formatted(old.table(), missing.get(), request.module()),
          "give the directory with all applied files, or the table of this module: --table NAME");
    }
    Set<ChangesetVersion> versions = new LinkedHashSet<>();
    files.keySet().stream()
        .filter(version -> !version.isAfter(old.completeTo()))
        .forEach(versions::add);
    versions.addAll(old.applied().keySet());
    if (versions.isEmpty()) {
      throw new OperatorException(
          old.table() + " records no applied version", "apply the files: sheaf migrate up");
    }
    ChangesetVersion at = request.at();
    ChangesetVersion last = Collections.max(versions);
    if (at != null && !at.equals(last)) {
      throw new OperatorException(
          "%s is at version %s, not at %s".formatted(old.table(), last, at),
          "leave out --at, or use --from sql if the table is wrong");
    }
    List<Changeset> applied =
        versions.stream().map(version -> Objects.requireNonNull(files.get(version))).toList();
    applied.forEach(changeset ->
        requireUnchanged(
            changeset, old.applied().getOrDefault(changeset.version(), Optional.empty())));
    return applied;
  }

  private static String name(List<Changeset> module, ChangesetVersion version) {
    return module.stream()
        .filter(changeset -> changeset.version().equals(version))
        .map(changeset -> changeset.file().shortPath())
        .findFirst()
        .orElse("it has no file");
  }

  /// The repeatable files that are applied as they are. Others remain pending, as they are for the
  /// tool.
  private List<Changeset> repeatables(ToolHistory old, Request request) {
    List<Changeset> applied = new ArrayList<>();
    for (Changeset changeset : changesets.repeatables()) {
      Optional<Integer> recorded = old.repeatables().get(changeset.file().fileName());
      if (recorded != null && changeset.module().equals(request.module())) {
        if (isUnchanged(changeset, recorded)) {
          applied.add(changeset);
        } else {
          recorder.note(
              changeset.label() + " was modified after it was applied; the next up applies it");
        }
      }
    }
    return applied;
  }

  private static void requireUnchanged(Changeset changeset, Optional<Integer> recorded) {
    if (changeset.file().form() == ChangelogForm.FLYWAY && !isUnchanged(changeset, recorded)) {
      throw new OperatorException(
          changeset.file().shortPath() + " was modified after Flyway applied it",
          "restore the file, or let Flyway accept it: flyway repair");
    }
  }

  /// Flyway records the CRC-32 of the lines of a file.
  private static boolean isUnchanged(Changeset changeset, Optional<Integer> recorded) {
    if (recorded.isEmpty()) {
      return true;
    }
    CRC32 checksum = new CRC32();
    try (BufferedReader lines =
        new BufferedReader(new StringReader(changeset.file().content().toString()))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        checksum.update(line.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return (int) checksum.getValue() == recorded.get();
  }

  /// The changesets that are applied afterwards, in the order in which they are.
  private List<Changeset> allOf(List<History.Applied> history, List<Changeset> adopted) {
    Set<String> applied =
        changesets.current(history).stream()
            .map(row -> row.module() + "/" + row.version())
            .collect(Collectors.toCollection(HashSet::new));
    Set<String> paths =
        adopted.stream().map(changeset -> changeset.file().path()).collect(Collectors.toSet());
    return all()
        .filter(changeset ->
            paths.contains(changeset.file().path())
                || applied.contains(changeset.module() + "/" + changeset.version()))
        .toList();
  }

  private Stream<Changeset> all() {
    return Stream.concat(changesets.enabled().stream(), changesets.repeatables().stream());
  }

  /// Requires that the converted files, those that are pending too, make what the others make.
  private void requireSame(ChangelogConversion conversion) throws SQLException {
    List<Difference> differences =
        verification.compare(all().toList(), all().map(conversion::of).toList());
    if (!differences.isEmpty()) {
      throw new OperatorException(
          "the converted files make another schema: " + list(differences),
          "leave out --convert: Sheaf reads the files as they are");
    }
  }

  private Set<String> paths(List<History.Applied> history) {
    return changesets.current(history).stream()
        .map(History.Applied::path)
        .collect(Collectors.toSet());
  }

  private void requireSame(Request request, List<Changeset> applied) throws SQLException {
    List<Difference> differences = verification.compare(connection, applied, false);
    List<Difference> refused = differences.stream().filter(Adoption::isRefused).toList();
    if (!refused.isEmpty() && !request.force()) {
      throw new OperatorException(
          "the database is not what the files make: " + list(refused),
          "repair the database or the files; to record them all the same, add --force --reason WHY"
              + (request.from().equals(LIQUIBASE)
                      && refused.stream().allMatch(one -> one.object().startsWith("function "))
                  ? "; if only comments are missing in a function, which Liquibase removes, run its CREATE OR REPLACE"
                      + " FUNCTION with psql"
                  : ""));
    }
    if (!refused.isEmpty()) {
      recorder.note("recorded although the database is not what the files make: " + list(refused));
    }
    List<Difference> extra = differences.stream().filter(one -> !isRefused(one)).toList();
    if (!extra.isEmpty()) {
      recorder.note("the files do not make: " + list(extra));
    }
  }

  /// Whether a difference means that what the files say was not applied.
  static boolean isRefused(Difference difference) {
    return difference.kind() != Difference.Kind.EXTRA;
  }

  private static String list(List<Difference> differences) {
    return Abbreviation.of(
        differences.stream()
            .map(difference ->
                difference.kind() == Difference.Kind.EXTRA
                    ? difference.object()
                    : difference.object()
                        + " is "
                        + Objects.toString(difference.kind()).toLowerCase(Locale.ROOT))
            .toList(),
        LISTED);
  }
}

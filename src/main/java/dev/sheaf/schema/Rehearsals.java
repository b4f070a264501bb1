package dev.sheaf.schema;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What is found out about changesets by running them on a scratch database. The one that they are
/// meant for is only read.
public final class Rehearsals {

  private final DatabaseAddress address;
  private final SchemaConfig config;
  private final Changesets changesets;

  Rehearsals(DatabaseAddress address, SchemaConfig config, Changesets changesets) {
    this.address = address;
    this.config = config;
    this.changesets = changesets;
  }

  /// Which changesets are proved.
  public sealed interface Proved {

    /// Those that the database does not have yet.
    record Pending() implements Proved {}

    /// All there are.
    record All() implements Proved {}

    /// One.
    ///
    /// @param file its path; the last two parts of it, `module/NNN_name.sql`, say which
    record One(Path file) implements Proved {}
  }

  /// Runs changesets up, down and up again, and looks whether anything is not as it was.
  ///
  /// @param module only of this one; `null` is every enabled one
  /// @param listener told of each proof when it is done
  /// @throws SchemaException when there is no scratch database to be had, or no such changeset
  public List<RollbackProof> prove(
      Proved proved, @Nullable String module, Consumer<RollbackProof> listener) {
    if (module != null) {
      changesets.modules().requireEnabled(module);
    }
    List<Changeset> all = changesets.enabled();
    List<Changeset> chosen =
        switch (proved) {
          case Proved.All() -> all;
          case Proved.One(Path file) -> List.of(changesets.at(file));
          case Proved.Pending() -> Plan.of(all, history()).pending();
        };
    DatabaseAddress server = server();
    try {
      return RollbackProver.prove(
          server,
          config,
          all,
          chosen.stream().filter(c -> module == null || module.equals(c.module())).toList(),
          listener);
    } catch (SQLException e) {
      throw SqlProblem.running(server, "proving rollbacks", null, e);
    }
  }

  /// Runs a changeset without a rollback, and writes the statements that undo it into its file.
  ///
  /// @param file as in [Proved.One]
  /// @throws SchemaException when it has a rollback, is applied, or does not go up
  public DerivedRollback deriveRollback(Path file) {
    Changeset changeset = changesets.at(file);
    if (changeset.down() != null) {
      throw new SchemaException(
          changeset.file().shortPath() + " has a rollback",
          "see whether it holds: sheaf migrate prove " + file);
    }
    if (history().stream().anyMatch(row -> row.path().equals(changeset.file().path()))) {
      throw new SchemaException(
          changeset.file().shortPath() + " is applied at " + address,
          "an applied changelog is not edited");
    }
    DatabaseAddress server = server();
    try {
      return RollbackDerivation.derive(server, config, changesets.enabled(), changeset, file);
    } catch (SQLException e) {
      throw SqlProblem.running(server, "deriving a rollback", null, e);
    }
  }

  /// What the schema that the changelogs make lacks for the application's own entities.
  public EntityComparison compareEntities() {
    return compareEntities(EntityClasses.bundled());
  }

  EntityComparison compareEntities(Collection<Class<?>> entities) {
    DatabaseAddress server = server();
    try {
      return EntityComparison.of(server, config, changesets.enabled(), entities);
    } catch (SQLException e) {
      throw SqlProblem.running(server, "comparing the entities", null, e);
    }
  }

  private DatabaseAddress server() {
    return ScratchDatabase.server(address, config);
  }

  private List<History.Applied> history() {
    return SchemaSession.look(address, config, session -> History.read(session.connection()));
  }
}

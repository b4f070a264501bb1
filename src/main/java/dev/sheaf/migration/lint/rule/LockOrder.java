package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.ConstraintKind;
import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.LockMode;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Step;
import java.util.List;
import java.util.stream.Stream;

/// Reports locks in an order that can deadlock with clients.
///
/// Two orders are wrong for every application. The first is a lock that is upgraded later:
/// PostgreSQL's chapter on deadlocks recommends to take the strongest lock first. The second is a
/// referenced table before the referencing table: a client that inserts into the referencing table
/// locks it first, and then reads the key in the referenced table.
final class LockOrder implements Rule {

  @Override
  public About about() {
    return Rule.warning(
        "The changeset and a client that writes concurrently can wait for each other: a deadlock.",
        "take the strongest lock first, and lock a referencing table before the table that it references");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.changeset().transactional()
        ? observation
            .steps()
            .flatMap(step ->
                Stream.concat(
                    upgraded(observation, step).map(table -> upgrade(observation, step, table)),
                    observation
                        .newlyBlocked(step)
                        .flatMap(table -> references(observation, step, table))))
        : Stream.empty();
  }

  private static Stream<Relation> upgraded(Observation observation, Step step) {
    return observation
        .tables()
        .filter(table -> {
          LockMode earlier = step.heldBefore().get(table.oid());
          LockMode now = step.held().get(table.oid());
          return earlier != null
              && now != null
              && now.blocksWrites()
              && now.compareTo(earlier) > 0
              && (earlier.blocksWrites() || observation.wrote(table, step));
        });
  }

  private Finding upgrade(Observation observation, Step step, Relation table) {
    return observation.finding(
        this,
        step,
        table,
        table.qualified(),
        "%s has the lock %s and gets a stronger one"
            .formatted(table.qualified(), step.heldBefore().get(table.oid())));
  }

  private Stream<Finding> references(Observation observation, Step step, Relation table) {
    List<Relation> referenced =
        observation.before().constraints().values().stream()
            .filter(c -> c.kind() == ConstraintKind.FOREIGN_KEY && c.table() == table.oid())
            .filter(c -> c.referenced() != table.oid())
            .filter(c -> {
              LockMode lock = step.heldBefore().get(c.referenced());
              return lock != null && lock.blocksForeignKeyChecks();
            })
            .map(c -> observation.before().relation(c.referenced()))
            .distinct()
            .toList();
    return referenced.stream()
        .map(parent ->
            observation.finding(
                this,
                step,
                table,
                table.qualified(),
                "%s is locked after %s, which it references"
                    .formatted(table.qualified(), parent.qualified())));
  }
}

package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Relation;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reports a table with autovacuum switched off.
final class AutovacuumOff implements Rule {

  /// PostgreSQL accepts any unambiguous prefix of a boolean word.
  private static final Pattern OFF =
      Pattern.compile("(?i)autovacuum_enabled=(f|fa|fal|fals|false|n|no|of|off|0)");

  @Override
  public About about() {
    return Rule.warning(
        "Dead rows stay, statistics become outdated, and finally a vacuum to prevent wraparound starts at a bad time.",
        "tune it instead: autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation
        .steps()
        .flatMap(step ->
            step.after().relations().values().stream()
                .filter(table -> isOff(table) && !isOff(step.before().relations().get(table.oid())))
                .filter(table -> isOff(observation.after().relations().get(table.oid())))
                .map(table ->
                    observation.finding(
                        this,
                        step,
                        table,
                        table.qualified(),
                        table.qualified() + " is no longer vacuumed automatically")));
  }

  private static boolean isOff(@Nullable Relation table) {
    return table != null
        && table.options().stream().anyMatch(option -> OFF.matcher(option).matches());
  }
}

package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import dev.sheaf.migration.lint.Severity;
import java.lang.module.ModuleDescriptor.Version;
import java.util.Set;
import java.util.stream.Stream;

/// Reports a statement that needs a later version of pgvector.
final class PgvectorTooOld implements Rule {

  private static final Set<String> SINCE_0_7_0 = Set.of("halfvec", "sparsevec");

  @Override
  public About about() {
    return Rule.error(
        "The changeset needs a feature or a fix of a later version of pgvector.",
        "update pgvector first: ALTER EXTENSION vector UPDATE; or build without parallel workers: SET max_parallel_maintenance_workers = 0");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    String version = observation.pgvector();
    return version == null
        ? Stream.empty()
        : Stream.concat(
            NewColumn.of(observation).flatMap(column -> judge(column, version)),
            NewIndex.of(observation).flatMap(index -> judge(index, version)));
  }

  private Stream<Finding> judge(NewColumn column, String version) {
    return SINCE_0_7_0.contains(column.column().typeName()) && isOlder(version, "0.7.0")
        ? Stream.of(column.finding(this, message(column.name(), "its type", "0.7.0", version)))
        : Stream.empty();
  }

  private Stream<Finding> judge(NewIndex index, String version) {
    boolean hnsw = index.index().accessMethod().equals("hnsw");
    if (hnsw && isOlder(version, "0.5.0")) {
      return Stream.of(index.finding(this, message(index.name(), "hnsw", "0.5.0", version)));
    }
    if (index.index().isOfVectors()
        && isOlder(version, "0.7.0")
        && index.index().operatorClasses().stream().anyMatch(PgvectorTooOld::isSince070)) {
      return Stream.of(
          index.finding(this, message(index.name(), "its operator class", "0.7.0", version)));
    }
    // A new table has no rows, so its index is not built in parallel. The service builds its own
    // indexes without parallel workers, so such a version is supported.
    return hnsw
            && index.observation().existed(index.table())
            && index.isBuiltInParallel()
            && isOlder(version, "0.8.2")
        ? Stream.of(
            index
                .finding(
                    this,
                    message(
                        index.name(), "a safe parallel build (CVE-2026-3172)", "0.8.2", version))
                .withSeverity(Severity.WARNING))
        : Stream.empty();
  }

  private static boolean isSince070(String operatorClass) {
    return operatorClass.endsWith("_l1_ops")
        || SINCE_0_7_0.stream().anyMatch(type -> operatorClass.startsWith(type + "_"))
        || operatorClass.startsWith("bit_");
  }

  private static boolean isOlder(String version, String needed) {
    return Version.parse(version).compareTo(Version.parse(needed)) < 0;
  }

  private static String message(String object, String what, String needed, String version) {
    return "%s: %s needs pgvector %s, but the target has %s"
        .formatted(object, what, needed, version);
  }
}

package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Vectors of a width that no model makes.
final class VectorWidthDiffers implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The configured models make vectors of another width, so nothing can be stored there, or nothing finds the index.",
        "take the width of a model; sheaf.schema.vector-widths lists those of the configured ones");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    return observation.vectors().widths().isEmpty()
        ? Stream.empty()
        : Stream.concat(
            NewColumn.of(observation)
                .filter(c -> isForeign(observation, c.column().type()))
                .map(c -> c.finding(this, message(observation, c.name(), c.column().type()))),
            NewIndex.of(observation)
                .filter(c -> c.index().isOfVectors() && isForeign(observation, type(c)))
                .filter(c -> !isForeign(observation, columnType(c)))
                .map(c -> c.finding(this, message(observation, c.name(), type(c)))));
  }

  private static String type(NewIndex index) {
    return index.index().columnTypes().getFirst();
  }

  /// Of the column below, where the index is over one: it has its own finding.
  private static String columnType(NewIndex index) {
    Column column = index.table().column(index.index().columns().getFirst());
    return column == null ? "" : column.type();
  }

  private static boolean isForeign(Observation observation, String type) {
    VectorType vector = VectorType.of(type);
    return vector != null
        && vector.isOfPgvector()
        && !observation.vectors().widths().contains(vector.width());
  }

  private static String message(Observation observation, String name, String type) {
    String widths =
        observation.vectors().widths().stream()
            .sorted()
            .map(String::valueOf)
            .collect(Collectors.joining(" or "));
    return "%s is %s, and the configured models make %s dimensions".formatted(name, type, widths);
  }
}

package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog.Column;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reports vectors with other dimensions than the configured models.
final class VectorWidthDiffers implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "The configured models have another number of dimensions, so the column cannot store their vectors, or no search uses the index.",
        "use the dimensions of a configured model: sheaf.embedding.openai.NAME.dimensions, or sheaf.schema.vector-widths");
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

  /// The type of the indexed column, which has its own finding; empty for an expression.
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
    return "%s is %s, but the configured models have %s dimensions".formatted(name, type, widths);
  }
}

package dev.sheaf.migration.lint.rule;

import dev.sheaf.migration.catalog.Catalog;
import dev.sheaf.migration.lint.Failure;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.Observation;
import dev.sheaf.migration.lint.Rule;
import java.util.stream.Stream;

/// Reports vectors with more dimensions than pgvector can index.
final class VectorWidthOverIndexLimit implements Rule {

  @Override
  public About about() {
    return Rule.error(
        "pgvector indexes at most 2,000 dimensions of vector, 4,000 of halfvec and 64,000 of bit; beyond that, CREATE INDEX fails and every search scans the whole table.",
        "index a cast: ((embedding::halfvec(n)) halfvec_cosine_ops), or binary_quantize(embedding)::bit(n)");
  }

  @Override
  public Stream<Finding> judge(Observation observation) {
    Failure failure = observation.failure();
    return failure != null && Failure.exceedsDimensions(failure)
        ? Stream.of(observation.finding(this, observation.all().getLast(), null, failure.message()))
        : NewColumn.of(observation)
            .filter(c -> isTooWide(c.column().type()) && !isIndexed(observation.after(), c))
            .map(c ->
                c.finding(
                    this,
                    "%s is %s, which pgvector cannot index directly"
                        .formatted(c.name(), c.column().type())));
  }

  private static boolean isTooWide(String type) {
    VectorType vector = VectorType.of(type);
    return vector != null && vector.width() > vector.indexLimit();
  }

  /// Whether the column is indexed through an expression.
  private static boolean isIndexed(Catalog after, NewColumn column) {
    return after.indexes().values().stream()
        .anyMatch(index ->
            index.table() == column.table().oid()
                && index.isOfVectors()
                && index.expressions() != null
                && index.expressions().contains(column.column().name()));
  }
}

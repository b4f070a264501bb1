package dev.sheaf.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.sheaf.filter.FieldSql;
import dev.sheaf.filter.Value;
import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// What a field of a document adds to the scores of its hits.
///
/// With a half-life, the field is a time, and the gain is `weight * 2^(-age / halfLife)`. With a
/// pivot, it is a number, and the gain is `weight * x / (x + pivot)`. A document without such a
/// value gains nothing.
///
/// @param field as a filter names it
/// @param weight the largest gain; less than 0 to put such documents behind others
/// @param halfLife age at which the gain is half of the weight, in days
/// @param pivot value at which the gain is half of the weight
/// @param origin the time at which the age is 0; later times have this age too
@Schema(name = "Boost")
public record Boost(
    @Schema(examples = "$updated") String field,
    @Schema(defaultValue = "1", minimum = "-1000", maximum = "1000") Double weight,
    @Schema(description = "Days", minimum = "0", exclusiveMinimum = true, maximum = "1000000")
        @Nullable Double halfLife,
    @Schema(minimum = "0", exclusiveMinimum = true, maximum = "1000000000000000")
        @Nullable Double pivot,
    @Schema(
            implementation = String.class,
            nullable = true,
            description = "A date or a time; the default is now")
        Instant origin) {

  static final int MAX_BOOSTS = 10;

  private static final double MAX_WEIGHT = 1_000;
  private static final double MAX_DAYS = 1e6;
  private static final double MAX_PIVOT = 1e15;

  /// Enough for each time, and for the digits of each number that has an effect.
  private static final int READ_CHARACTERS = 400;

  @JsonCreator
  static Boost of(
      @Nullable String field,
      @Nullable Double weight,
      @Nullable Double halfLife,
      @Nullable Double pivot,
      @Nullable String origin) {
    String name = Input.required("field", field);
    FieldSql.ofAny("field", name);
    if ((halfLife == null) == (pivot == null)) {
      throw Problem.field(
          "halfLife",
          "Exactly one of halfLife and pivot is required: halfLife for a time, pivot for a number.");
    }
    if (weight != null && !(Math.abs(weight) <= MAX_WEIGHT)) {
      throw Problem.field(
          "weight", "weight must be a number from -1000 to 1000, not " + weight + ".");
    }
    requirePositive("halfLife", halfLife, MAX_DAYS);
    requirePositive("pivot", pivot, MAX_PIVOT);
    if (origin != null && halfLife == null) {
      throw Problem.field("origin", "origin requires halfLife.");
    }
    return new Boost(name, weight == null ? 1 : weight, halfLife, pivot, time(origin));
  }

  private static void requirePositive(String field, @Nullable Double value, double max) {
    if (value != null && !(value > 0 && value <= max)) {
      throw Problem.field(
          field,
          "%s must be a number greater than 0, at most %s, not %s."
              .formatted(field, (long) max, value));
    }
  }

  private static Instant time(@Nullable String origin) {
    if (origin == null) {
      return Instant.now();
    }
    try {
      return Value.Time.parse(origin);
    } catch (DateTimeParseException e) {
      throw Problem.field(
          "origin", "origin must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z.");
    }
  }

  /// The value of the field as SQL of type text, for a row `d` of `document`. It is NULL if the
  /// document has none of the type that the boost needs.
  FieldSql sql() {
    FieldSql value = FieldSql.ofAny("field", field);
    return new FieldSql(
        "(SELECT left(v #>> '{}', %s) FROM (SELECT %s AS v OFFSET 0) f WHERE jsonb_typeof(v) = '%s')"
            .formatted(READ_CHARACTERS, value.sql(), pivot == null ? "string" : "number"),
        value.parameters());
  }

  /// What a value adds to a score.
  ///
  /// @param value the value of [#sql]
  double gain(@Nullable String value) {
    if (value == null) {
      return 0;
    }
    if (pivot != null) {
      double number = Double.parseDouble(value);
      // A number may be infinite as a double.
      return number > 0 ? weight / (1 + pivot / number) : 0;
    }
    try {
      Duration age = Duration.between(Value.Time.parse(value), origin);
      double days = (age.getSeconds() + age.getNano() / 1e9) / 86_400;
      return weight * Math.pow(2, -Math.max(0, days) / Objects.requireNonNull(halfLife));
    } catch (DateTimeParseException e) {
      return 0;
    }
  }

  /// Checks the boosts of a search.
  static List<Boost> checked(@Nullable List<Boost> boosts) {
    if (boosts == null) {
      return List.of();
    }
    if (boosts.isEmpty() || boosts.size() > MAX_BOOSTS) {
      throw Problem.field(
          "boost",
          "boost must have 1 to %s elements, not %s.".formatted(MAX_BOOSTS, boosts.size()));
    }
    for (int i = 0; i < boosts.size(); i++) {
      Input.required("boost[" + i + "]", boosts.get(i));
    }
    return List.copyOf(boosts);
  }
}

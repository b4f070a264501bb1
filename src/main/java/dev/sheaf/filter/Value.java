package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/// A value that a field is compared with.
public sealed interface Value {

  /// A value that can occur in metadata.
  sealed interface MetadataValue extends Value {
    JsonNode json();
  }

  record Text(String text) implements MetadataValue {
    @Override
    public JsonNode json() {
      return TextNode.valueOf(text);
    }
  }

  record Numeric(BigDecimal number) implements MetadataValue {
    @Override
    public JsonNode json() {
      return DecimalNode.valueOf(number);
    }
  }

  record Bool(boolean bool) implements MetadataValue {
    @Override
    public JsonNode json() {
      return BooleanNode.valueOf(bool);
    }
  }

  record Null() implements MetadataValue {
    @Override
    public JsonNode json() {
      return NullNode.instance;
    }
  }

  /// A time, in microseconds. Metadata contains it as a text that [#parse] accepts.
  record Time(Instant instant) implements Value {

    /// Parses a date, which is midnight UTC, or a time with its offset.
    ///
    /// @throws java.time.format.DateTimeParseException if the text is neither
    public static Instant parse(String text) {
      return text.indexOf('T') < 0
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
          : OffsetDateTime.parse(text).toInstant();
    }

    /// As a `timestamp` of PostgreSQL in UTC.
    String timestamp() {
      return instant.atOffset(ZoneOffset.UTC).toLocalDateTime().toString();
    }
  }
}

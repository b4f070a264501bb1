package dev.sheaf.filter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.time.Instant;

/// What a field is compared with.
public sealed interface Value {

  /// What metadata can hold.
  sealed interface Json extends Value {
    /// As it stands in a document's metadata.
    JsonNode json();
  }

  record Text(String text) implements Json {
    @Override
    public JsonNode json() {
      return TextNode.valueOf(text);
    }
  }

  record Numeric(BigDecimal number) implements Json {
    @Override
    public JsonNode json() {
      return DecimalNode.valueOf(number);
    }
  }

  record Bool(boolean bool) implements Json {
    @Override
    public JsonNode json() {
      return BooleanNode.valueOf(bool);
    }
  }

  record Null() implements Json {
    @Override
    public JsonNode json() {
      return NullNode.instance;
    }
  }

  /// A point in time, to the microsecond.
  record Time(Instant instant) implements Value {}
}

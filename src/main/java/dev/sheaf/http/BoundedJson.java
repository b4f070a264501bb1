package dev.sheaf.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.deser.std.JsonNodeDeserializer;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import dev.sheaf.problem.Problem;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Reads free JSON of clients, such as metadata and filters, token by token, and rejects what is
/// too large or what PostgreSQL's `jsonb` cannot store. Nothing is built for JSON that is rejected,
/// and the path of a value is rendered only for a problem.
public final class BoundedJson {

  static final int MAX_DEPTH = 100;

  /// Of objects, arrays and other values in all trees of one body together. A tree needs up to 150
  /// bytes for each.
  static final int MAX_TREE_VALUES = 20_000;

  private BoundedJson() {}

  /// How much JSON is accepted.
  ///
  /// @param values objects, arrays and other values
  /// @param bytes length as PostgreSQL prints it
  public record Limit(int values, long bytes) {}

  /// Copies the current value of `parser`.
  ///
  /// @return the number of values
  /// @throws Problem if the value exceeds `limit`, or `jsonb` cannot store it; its field is a path
  ///   in the value
  public static int copy(JsonParser parser, JsonGenerator out, Limit limit) throws IOException {
    JsonStreamContext outer = outer(parser);
    int depth = 0;
    int values = 0;
    long bytes = 0;
    if (parser.hasToken(JsonToken.FIELD_NAME) || parser.hasToken(JsonToken.END_OBJECT)) {
      // The start of an object was already consumed.
      out.writeStartObject();
      depth = 1;
      values = 1;
    }
    for (JsonToken token = parser.currentToken(); ; token = parser.nextToken()) {
      switch (token) {
        case START_OBJECT, START_ARRAY -> {
          depth++;
          values++;
          bytes += 4;
          if (depth > MAX_DEPTH) {
            throw Problem.field(
                path(outer, parser.getParsingContext().getParent()),
                "The value is nested more than " + MAX_DEPTH + " levels deep.");
          }
        }
        case END_OBJECT, END_ARRAY -> depth--;
        case FIELD_NAME -> {
          String name = parser.currentName();
          if (Input.unstorable(name) >= 0) {
            Input.storable(path(outer, parser.getParsingContext().getParent()), name);
          }
          bytes += printedBytes(name);
        }
        case VALUE_STRING -> {
          String text = parser.getText();
          if (Input.unstorable(text) >= 0) {
            Input.storable(path(outer, parser.getParsingContext()), text);
          }
          values++;
          bytes += printedBytes(text);
        }
        case VALUE_NUMBER_INT -> {
          values++;
          bytes += parser.getTextLength() + 2;
        }
        case VALUE_NUMBER_FLOAT -> {
          long digits = Input.digits(parser.getDecimalValue());
          if (digits > Input.MAX_DIGITS) {
            throw Input.tooManyDigits(path(outer, parser.getParsingContext()));
          }
          values++;
          bytes += digits + 4;
        }
        case VALUE_TRUE, VALUE_FALSE, VALUE_NULL -> {
          values++;
          bytes += 7;
        }
        case null, default -> throw new IllegalStateException("unexpected token " + token);
      }
      if (values > limit.values()) {
        String field = bounded(outer, parser);
        throw Problem.field(field, field + " has more than " + limit.values() + " values.");
      }
      if (bytes > limit.bytes()) {
        String field = bounded(outer, parser);
        throw Problem.field(field, field + " has more than " + limit.bytes() + " bytes.");
      }
      out.copyCurrentEventExact(parser);
      if (depth == 0) {
        return values;
      }
    }
  }

  /// The length of a string with its quotes and a separator, as PostgreSQL prints it.
  private static long printedBytes(String text) {
    long bytes = 4;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ') {
        bytes += 6;
      } else if (c < 0x80) {
        bytes += c == '"' || c == '\\' ? 2 : 1;
      } else {
        // Each half of a surrogate pair counts as two bytes.
        bytes += c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
      }
    }
    return bytes;
  }

  /// The context that contains the current value, whose start may already be consumed.
  private static JsonStreamContext outer(JsonParser parser) {
    JsonStreamContext context = parser.getParsingContext();
    return parser.currentToken().isScalarValue() ? context : context.getParent();
  }

  /// The field that is too large: the value itself or, if it is the whole body, the field of the
  /// body.
  private static String bounded(JsonStreamContext outer, JsonParser parser) {
    return outer.inRoot() ? path(outer, parser.getParsingContext()).split("[.\\[]", 2)[0] : "";
  }

  /// The path of the current value of a context, such as `a[1].b`. Empty if this is the context
  /// that contains the whole value.
  @SuppressWarnings("ReferenceEquality") // The parser has one context for each level.
  private static String path(JsonStreamContext outer, @Nullable JsonStreamContext context) {
    if (context == null || context == outer || context.inRoot()) {
      return "";
    }
    String parent = path(outer, context.getParent());
    if (context.inArray()) {
      return parent + "[" + Math.max(0, context.getCurrentIndex()) + "]";
    }
    String name = context.getCurrentName();
    return name == null ? parent : parent.isEmpty() ? name : parent + "." + name;
  }

  /// Reads a tree of JSON. All trees of one body have at most [#MAX_TREE_VALUES].
  static final class TreeDeserializer extends StdDeserializer<JsonNode> {

    private static final long serialVersionUID = 1L;

    private static final String VALUES = TreeDeserializer.class.getName();

    TreeDeserializer() {
      super(JsonNode.class);
    }

    @Override
    public JsonNode deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      int before = context.getAttribute(VALUES) instanceof Integer values ? values : 0;
      try (var buffer = new TokenBuffer(parser, context)) {
        int values = copy(parser, buffer, new Limit(MAX_TREE_VALUES - before, Long.MAX_VALUE));
        context.setAttribute(VALUES, before + values);
        try (JsonParser tokens = buffer.asParserOnFirstToken()) {
          return JsonNodeDeserializer.getDeserializer(JsonNode.class).deserialize(tokens, context);
        }
      }
    }

    @Override
    public JsonNode getNullValue(DeserializationContext context) {
      return NullNode.instance;
    }

    @Override
    public @Nullable Object getAbsentValue(DeserializationContext context) {
      return null;
    }
  }
}

package dev.sheaf.migration.scratch;

import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlStates;
import dev.sheaf.migration.catalog.Catalog;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Candidate values for a column of any type, as SQL expressions, the most likely first. Different
/// rows get different values if the type allows it.
final class SampleValues {

  private static final Pattern STRING = Pattern.compile("E?'(?:[^']|'')*'");
  private static final Pattern NUMBER = Pattern.compile("(?<![\\w.'])-?\\d+(?:\\.\\d+)?(?![\\w.])");
  private static final int DEFAULT_WIDTH = 3;
  private static final int WIDEST = 16_000;

  private final Connection connection;
  private final Map<String, Boolean> accepted = new HashMap<>();

  SampleValues(Connection connection) {
    this.connection = connection;
  }

  /// @param name with its modifier, as `format_type` writes it
  /// @param kind `typtype`
  /// @param base the name of a base type, such as `int4`
  /// @param element of an array, a domain or a range; 0 where there is none
  /// @param constraints of a domain
  record Type(
      long oid,
      int modifier,
      String name,
      char kind,
      String base,
      long element,
      int elementModifier,
      String constraints) {

    boolean isEnum() {
      return kind == 'e';
    }
  }

  Type type(long oid, int modifier) throws SQLException {
    String sql =
        """
        SELECT format_type(t.oid, ?), t.typtype, t.typname,
               CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem
                    WHEN t.typtype = 'd' THEN t.typbasetype
                    WHEN t.typtype IN ('r', 'm') THEN (SELECT CASE t.typtype WHEN 'r' THEN rngsubtype ELSE rngtypid END
                                                         FROM pg_range WHERE t.oid IN (rngtypid, rngmultitypid))
                    WHEN t.typtype = 'c' THEN t.typrelid
                    ELSE 0 END,
               CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE -1 END,
               (SELECT string_agg(pg_get_constraintdef(c.oid), E'\\n') FROM pg_constraint c WHERE c.contypid = t.oid)
          FROM pg_type t
         WHERE t.oid = ?
        """;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setInt(1, modifier);
      select.setLong(2, oid);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        @Nullable String constraints = row.getString(6);
        return new Type(
            oid,
            modifier,
            row.getString(1),
            row.getString(2).charAt(0),
            row.getString(3),
            row.getLong(4),
            row.getInt(5),
            constraints == null ? "" : constraints);
      }
    }
  }

  /// The candidate values of a column of this type in row `row`, from 1.
  ///
  /// @param hints SQL whose literals are good candidates
  /// @param one whether one value is enough
  List<String> of(Type type, int row, String hints, boolean one) throws SQLException {
    List<String> values = new ArrayList<>();
    for (String candidate : new LinkedHashSet<>(candidates(type, row, hints))) {
      String value = "(%s)::%s".formatted(candidate, type.name());
      if (isAccepted(value)) {
        values.add(value);
        if (one) {
          break;
        }
      }
    }
    return values;
  }

  private boolean isAccepted(String value) throws SQLException {
    Boolean known = accepted.get(value);
    if (known == null) {
      known = evaluate(value).failure() == null;
      accepted.put(value, known);
    }
    return known;
  }

  /// PostgreSQL's own opinion of an expression.
  ///
  /// @param value of the expression as text
  /// @param failure why it has none; `null` when it has one
  private record Evaluation(@Nullable String value, @Nullable SQLException failure) {}

  private Evaluation evaluate(String expression) throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    Evaluation evaluation;
    try (Statement select = connection.createStatement()) {
      select.setEscapeProcessing(false);
      try (ResultSet row = select.executeQuery("SELECT " + expression)) {
        row.next();
        evaluation = new Evaluation(row.getString(1), null);
      }
    } catch (SQLException e) {
      connection.rollback(savepoint);
      evaluation = new Evaluation(null, e);
    }
    connection.releaseSavepoint(savepoint);
    return evaluation;
  }

  /// The values of a column that its earlier type rejects, and then those that it changes; empty if
  /// its type is the same as before.
  ///
  /// @param before the column with its earlier type
  /// @param types the types of that time, by oid
  List<String> beyond(Type type, Catalog.Column before, Map<Long, Catalog.UserType> types, int row)
      throws SQLException {
    Type member = isArray(type) ? type(type.element(), type.modifier()) : type;
    if (member.isEnum()) {
      Catalog.UserType was = types.getOrDefault(member.oid(), types.get(before.typeOid()));
      if (was == null) {
        return List.of();
      }
      return newLabels(member, was).stream()
          .map(label ->
              (isArray(type) ? "(ARRAY[%s])::%s" : "(%s)::%s").formatted(label, type.name()))
          .toList();
    }
    if (type.oid() == before.typeOid() && type.modifier() == before.modifier()) {
      return List.of();
    }
    List<String> rejected = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    for (String candidate : large(member, before, row)) {
      String value =
          (isArray(type) ? "(ARRAY[%s])::%s" : "(%s)::%s").formatted(candidate, type.name());
      if (isAccepted(value)) {
        Evaluation then =
            evaluate("nullif((%1$s)::%2$s::text, (%1$s)::text)".formatted(value, before.type()));
        if (then.failure() != null && SqlStates.isRejection(then.failure())) {
          rejected.add(value);
        } else if (then.value() != null) {
          changed.add(value);
        }
      }
    }
    rejected.addAll(changed);
    return rejected;
  }

  private List<String> newLabels(Type type, Catalog.UserType before) throws SQLException {
    return Sql.of(
            """
            SELECT quote_literal(enumlabel)
              FROM pg_enum
             WHERE enumtypid = ? AND enumlabel <> ALL (?::text[])
             ORDER BY enumsortorder
            """,
            type.oid(),
            before.labels().values().toArray(String[]::new))
        .list(connection, label -> label.getString(1));
  }

  /// Values at the limits of narrower types.
  private List<String> large(Type type, Catalog.Column before, int row) throws SQLException {
    if (type.kind() == 'd') {
      return large(type(type.element(), type.elementModifier()), before, row);
    }
    int modifier = before.modifier();
    return switch (type.base()) {
      case "int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid" -> {
        List<String> values = new ArrayList<>();
        if (modifier >= 4) {
          // numeric(precision, scale)
          int digits = ((modifier - 4) >> 16) - ((modifier - 4) & 0x3ff);
          values.add(BigDecimal.TEN.pow(Math.clamp(digits, 0, 1000)).toPlainString() + " + " + row);
        }
        // The first that smallint, integer, bigint and real do not hold.
        for (Object limit :
            List.of(Short.MAX_VALUE + 1, Integer.MAX_VALUE + 1L, "9223372036854775808", "1e39")) {
          values.add(limit + " + " + row);
        }
        yield values;
      }
      case "varchar", "bpchar", "text", "citext", "name" -> {
        int width = modifier > 4 ? modifier - 4 : 63;
        List<String> values = new ArrayList<>(texts(row, ""));
        values.add("left('%s' || repeat('c', %s), %s)".formatted(row, width, width + 1));
        yield values;
      }
      case "bit", "varbit" ->
          List.of("lpad('%s', %s, '1')".formatted(Integer.toBinaryString(row), modifier + 1));
      case "inet" -> literals("192.0.2.%s/24".formatted(row));
      default -> List.of();
    };
  }

  private static boolean isArray(Type type) {
    return type.kind() == 'b' && type.element() != 0;
  }

  private List<String> candidates(Type type, int row, String hints) throws SQLException {
    return switch (type.kind()) {
      case 'e' -> labels(type, row);
      case 'd' -> {
        Type base = type(type.element(), type.elementModifier());
        yield of(base, row, hints + "\n" + type.constraints(), false);
      }
      case 'r' -> {
        Type bound = type(type.element(), -1);
        List<String> lower = of(bound, 2 * row, "", true);
        List<String> upper = of(bound, 2 * row + 1, "", true);
        yield lower.isEmpty() || upper.isEmpty()
            ? List.of()
            : List.of("%s(%s, %s)".formatted(type.name(), lower.getFirst(), upper.getFirst()));
      }
      case 'm' ->
          of(type(type.element(), -1), row, "", true).stream()
              .map(range -> "%s(%s)".formatted(type.name(), range))
              .toList();
      case 'c' -> composite(type, row);
      default -> type.element() == 0 ? base(type, row, hints) : array(type, row, hints);
    };
  }

  private List<String> array(Type type, int row, String hints) throws SQLException {
    return of(type(type.element(), type.modifier()), row, hints, false).stream()
        .map(value -> "ARRAY[" + value + "]")
        .toList();
  }

  private List<String> labels(Type type, int row) throws SQLException {
    List<String> labels =
        texts(
            "SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = ? ORDER BY enumsortorder",
            type.oid());
    Collections.rotate(labels, 1 - row);
    return labels;
  }

  private List<String> composite(Type type, int row) throws SQLException {
    List<String> fields = new ArrayList<>();
    String sql =
        """
        SELECT atttypid || ' ' || atttypmod
          FROM pg_attribute
         WHERE attrelid = ? AND attnum > 0 AND NOT attisdropped
         ORDER BY attnum
        """;
    for (String field : texts(sql, type.element())) {
      int space = field.indexOf(' ');
      Type fieldType =
          type(
              Long.parseLong(field.substring(0, space)),
              Integer.parseInt(field.substring(space + 1)));
      fields.add(of(fieldType, row, "", true).stream().findFirst().orElse("NULL"));
    }
    return List.of("ROW(" + String.join(", ", fields) + ")");
  }

  private List<String> texts(String sql, long oid) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, oid);
      try (ResultSet result = select.executeQuery()) {
        while (result.next()) {
          texts.add(result.getString(1));
        }
      }
    }
    return texts;
  }

  private static List<String> base(Type type, int row, String hints) {
    return switch (type.base()) {
      case "int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid" ->
          numbers(row, hints);
      case "bool" -> row % 2 == 1 ? List.of("true", "false") : List.of("false", "true");
      case "date", "timestamp", "timestamptz" -> instants(type, row, hints);
      case "time", "timetz" -> literals("0%s:02:03".formatted(row));
      case "interval" -> literals(row + " days", row + " hours");
      case "uuid" ->
          with(
              strings(hints),
              literals(String.format(Locale.ROOT, "00000000-0000-4000-8000-%012d", row)));
      case "bytea" -> bytes(row, hints);
      case "json", "jsonb" ->
          with(
              literals("{\"canary\": " + row + "}", "{}", "[" + row + "]", "\"canary\"", "" + row),
              strings(hints));
      case "bit", "varbit" -> bits(type, row, hints);
      case "vector", "halfvec", "sparsevec" -> vectors(type, row, hints);
      case "inet", "cidr" -> literals("192.0.2." + row);
      case "macaddr" -> literals("08:00:2b:01:02:0" + row);
      case "macaddr8" -> literals("08:00:2b:01:02:03:04:0" + row);
      case "point" -> literals("(%s,1)".formatted(row));
      case "line" -> literals("{1,2,%s}".formatted(row));
      case "lseg", "box", "path" -> literals("((0,0),(%s,1))".formatted(row));
      case "polygon" -> literals("((0,0),(%s,1),(1,2))".formatted(row));
      case "circle" -> literals("<(0,0),%s>".formatted(row));
      case "xml" -> literals("<canary>%s</canary>".formatted(row));
      case "pg_lsn" -> literals("0/" + row);
      case "pg_snapshot", "txid_snapshot" -> literals("1%s:20:".formatted(row));
      case "tid" -> literals("(0,%s)".formatted(row));
      case "jsonpath" -> literals("$.canary" + row);
      case "regclass" -> literals("pg_class");
      case "regtype" -> literals("text");
      case "ltree" -> literals("canary." + row);
      case "hstore" -> literals("canary=>" + row);
      default -> texts(row, hints);
    };
  }

  private static List<String> numbers(int row, String hints) {
    // 1, 2, 3 are also the first of every sequence, which a foreign key may want to find one day.
    List<String> values = new ArrayList<>(List.of("" + row, "" + (40 + row)));
    for (BigDecimal number : numbers(hints)) {
      BigDecimal step = BigDecimal.valueOf(row);
      values.add(number.add(step).toPlainString());
      values.add(number.subtract(step).toPlainString());
      values.add(number.toPlainString());
    }
    values.addAll(List.of("0", "0.%s".formatted(row), "-" + row));
    return values;
  }

  private static List<String> instants(Type type, int row, String hints) {
    List<String> values = new ArrayList<>(literals("2001-02-0" + row, "2101-02-0" + row));
    for (String literal : strings(hints)) {
      values.add(
          "%s::%s + interval '%s %s'"
              .formatted(literal, type.name(), row, type.base().equals("date") ? "days" : "hours"));
      values.add(literal);
    }
    return values;
  }

  private static List<String> texts(int row, String hints) {
    List<String> values = new ArrayList<>(literals("canary " + row, "canary-" + row));
    for (String literal : strings(hints)) {
      values.add(literal);
      values.add("(%s || '%s')".formatted(literal, row));
      values.add("replace(%s, '%%', '%s')".formatted(literal, row));
    }
    for (BigDecimal number : numbers(hints)) {
      if (number.signum() > 0 && number.compareTo(BigDecimal.valueOf(WIDEST)) <= 0) {
        values.add("repeat('c', %s) || '%s'".formatted(number.intValue() - 1, row));
      }
    }
    values.addAll(
        literals(
            "c" + row,
            "C" + row,
            "" + row,
            "c",
            "CA",
            "CAN",
            "en",
            "canary%s@example.org".formatted(row),
            "https://example.org/" + row,
            "/canary/" + row,
            "+1555010" + row,
            "2001-02-0" + row,
            "1.2." + row,
            "#00000" + row,
            "CA-000" + row,
            String.format(Locale.ROOT, "00000000-0000-4000-8000-%012d", row),
            ""));
    return values;
  }

  private static List<String> bytes(int row, String hints) {
    List<String> values = new ArrayList<>(List.of("sha256('canary %s')".formatted(row)));
    for (BigDecimal number : numbers(hints)) {
      if (number.signum() > 0 && number.compareTo(BigDecimal.valueOf(WIDEST)) <= 0) {
        values.add("decode(repeat('0%s', %s), 'hex')".formatted(row, number.intValue()));
      }
    }
    values.add("''");
    return values;
  }

  private static List<String> bits(Type type, int row, String hints) {
    List<String> values = new ArrayList<>();
    for (int width : widths(type.modifier(), hints, 8)) {
      values.add("lpad('%s', %s, '0')".formatted(Integer.toBinaryString(row), width));
    }
    return values;
  }

  private static List<String> vectors(Type type, int row, String hints) {
    List<String> values = new ArrayList<>();
    for (int width : widths(type.modifier(), hints, DEFAULT_WIDTH)) {
      values.add(
          type.base().equals("sparsevec")
              ? "'{1:%s}/%s'".formatted(row, width)
              : "'[' || '%s' || repeat(',1', %s) || ']'".formatted(row, width - 1));
    }
    return values;
  }

  /// The width of the column, or else those in its checks and indexes.
  private static Set<Integer> widths(int modifier, String hints, int otherwise) {
    if (modifier > 0) {
      return Set.of(modifier);
    }
    Set<Integer> widths = new LinkedHashSet<>();
    for (BigDecimal number : numbers(hints)) {
      if (number.signum() > 0 && number.compareTo(BigDecimal.valueOf(WIDEST)) <= 0) {
        widths.add(number.intValue());
      }
    }
    widths.add(otherwise);
    return widths;
  }

  private static List<String> strings(String hints) {
    List<String> found = new ArrayList<>();
    Matcher literal = STRING.matcher(hints);
    while (literal.find()) {
      found.add(literal.group());
    }
    return found;
  }

  /// Numbers stand bare, or quoted with a cast.
  private static List<BigDecimal> numbers(String hints) {
    Set<BigDecimal> found = new LinkedHashSet<>();
    Matcher number = NUMBER.matcher(hints.replaceAll("'(-?\\d+(?:\\.\\d+)?)'", " $1 "));
    while (number.find()) {
      found.add(new BigDecimal(number.group()));
    }
    return List.copyOf(found);
  }

  private static List<String> literals(String... values) {
    List<String> literals = new ArrayList<>();
    for (String value : values) {
      literals.add("'" + value + "'");
    }
    return literals;
  }

  private static List<String> with(List<String> first, List<String> then) {
    List<String> all = new ArrayList<>(first);
    all.addAll(then);
    return all;
  }
}

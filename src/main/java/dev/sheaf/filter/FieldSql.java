package dev.sheaf.filter;

import dev.sheaf.problem.Problem;
import java.util.ArrayList;
import java.util.List;

/// The value of a field as SQL of type `jsonb`, for a row `d` of `document`. It is NULL if the
/// document does not have the field.
///
/// @param sql an expression with `?` for each parameter
/// @param parameters in order
public record FieldSql(String sql, List<Object> parameters) {

  /// The value of a field.
  ///
  /// @param at the path in the body, for messages
  /// @param name as a [Filter] names it
  /// @throws Problem if there is no such field, or it is a time
  public static FieldSql of(String at, String name) {
    if (FilterParser.field(at, name) instanceof Field.Time) {
      throw Problem.field(at, at + " is a time, which is different in each document. Give ranges.");
    }
    return ofAny(at, name);
  }

  /// The value of a field. A time is a string in the format of ISO 8601.
  ///
  /// @param at the path in the body, for messages
  /// @param name as a [Filter] names it
  /// @throws Problem if there is no such field
  public static FieldSql ofAny(String at, String name) {
    return switch (FilterParser.field(at, name)) {
      case Field.Metadata metadata -> {
        var sql = new StringBuilder("(d.metadata");
        metadata.path().forEach(_ -> sql.append(" -> ?::text"));
        yield new FieldSql(sql.append(')').toString(), new ArrayList<>(metadata.path()));
      }
      case Field.Text text -> new FieldSql("to_jsonb(d." + text.column + ")", List.of());
      case Field.Time time -> new FieldSql("to_jsonb(d." + time.column + ")", List.of());
    };
  }
}

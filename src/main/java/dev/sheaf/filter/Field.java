package dev.sheaf.filter;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.ArrayList;
import java.util.List;

/// The field of a document that a condition refers to.
public sealed interface Field {

  /// A field of the metadata.
  ///
  /// @param path the names of the enclosing objects, then the name of the field
  record Metadata(List<String> path) implements Field {

    /// Parses a path such as `a.b.c`. In a name, a backslash escapes a dot, a backslash, and a
    /// dollar sign at the start.
    ///
    /// @param at the path in the body, for messages
    /// @throws Problem if a backslash precedes any other character, or PostgreSQL cannot store the
    ///   path
    public static Metadata parse(String at, String text) {
      Input.storable(at, text);
      var path = new ArrayList<String>();
      var name = new StringBuilder();
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c == '.') {
          path.add(name.toString());
          name.setLength(0);
        } else if (c == '\\') {
          i++;
          if (i == text.length() || "\\.$".indexOf(text.charAt(i)) < 0) {
            throw Problem.field(
                at,
                "In the name of a field, a backslash may only precede a dot, a dollar sign or"
                    + " another backslash. Write \\\\ for a backslash.");
          }
          name.append(text.charAt(i));
        } else {
          name.append(c);
        }
      }
      path.add(name.toString());
      return new Metadata(List.copyOf(path));
    }
  }

  /// A text column of a document. Absent if the client sent none.
  enum Text implements Field {
    ID("external_id"),
    TITLE("title"),
    URI("uri");

    final String column;

    Text(String column) {
      this.column = column;
    }
  }

  /// A time column of a document. Never absent.
  enum Time implements Field {
    CREATED("created_at"),
    UPDATED("updated_at");

    final String column;

    Time(String column) {
      this.column = column;
    }
  }
}

package dev.sheaf.filter;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.ArrayList;
import java.util.List;

/// What of a document is looked at.
public sealed interface Field {

  /// A field of the client's own.
  ///
  /// @param path the names of the objects it lies in, and its own
  record Metadata(List<String> path) implements Field {

    /// Reads `a.b.c`. A dot, a backslash, or a dollar sign at the start that belongs to a name has
    /// a backslash in front of it.
    ///
    /// @param at where it stands in the body, for messages
    /// @throws Problem when a backslash stands before anything else, or PostgreSQL cannot store it
    public static Metadata parse(String at, String written) {
      Input.storable(at, written);
      var path = new ArrayList<String>();
      var name = new StringBuilder();
      for (int i = 0; i < written.length(); i++) {
        char c = written.charAt(i);
        if (c == '.') {
          path.add(name.toString());
          name.setLength(0);
        } else if (c == '\\') {
          i++;
          if (i == written.length() || "\\.$".indexOf(written.charAt(i)) < 0) {
            throw Problem.field(
                at,
                "in the name of a field, a backslash stands before a dot, a dollar sign or another"
                    + " backslash, which belongs to the name then");
          }
          name.append(written.charAt(i));
        } else {
          name.append(c);
        }
      }
      path.add(name.toString());
      return new Metadata(List.copyOf(path));
    }
  }

  /// What Sheaf itself keeps of a document as text: absent where the client gave none.
  enum Text implements Field {
    TITLE("title"),
    URI("uri");

    final String column;

    Text(String column) {
      this.column = column;
    }
  }

  /// When something happened to a document.
  enum Time implements Field {
    CREATED("created_at"),
    UPDATED("updated_at");

    final String column;

    Time(String column) {
      this.column = column;
    }
  }
}

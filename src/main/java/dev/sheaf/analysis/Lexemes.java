package dev.sheaf.analysis;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The lexemes of a text with their positions, as in a tsvector. It has the limits that the
/// PostgreSQL manual names in "Full Text Search", "Limitations": later positions are stored as the
/// last one, further positions of a lexeme are left out, and so are further lexemes.
public final class Lexemes {

  private static final int MAX_BYTES = (1 << 20) - 1;
  private static final int MAX_POSITION = 16_383;
  private static final int MAX_POSITIONS = 255;

  /// The label `A` in the upper two bits of a position. Source: PostgreSQL's `WordEntryPos`.
  private static final int LABEL_OF_TITLE = 3 << 14;

  private final Map<String, Positions> positions = new TreeMap<>();
  private int bytes;

  private static final class Positions {
    private short[] values = new short[1];
    private int number;

    boolean isLast(int position) {
      return number > 0 && (values[number - 1] & MAX_POSITION) == position;
    }

    void add(int labelled) {
      if (number == values.length) {
        values = Arrays.copyOf(values, 2 * number);
      }
      values[number++] = (short) labelled;
    }

    /// As in the text of a tsvector.
    String text(int i) {
      int position = values[i] & MAX_POSITION;
      return values[i] < 0 ? position + "A" : Integer.toString(position);
    }
  }

  private Lexemes() {}

  /// The lexemes of a chunk. The positions of the title have the label `A`, as `setweight` sets it.
  ///
  /// @param title precedes the text; `null` if it is not searched
  public static Lexemes of(TextAnalyzer analyzer, @Nullable String title, String text) {
    var lexemes = new Lexemes();
    int[] last = {0};
    if (title != null) {
      analyzer.words(
          title,
          word -> {
            last[0] = word.position();
            lexemes.add(word.lexeme(), word.position(), LABEL_OF_TITLE);
          });
    }
    analyzer.words(text, word -> lexemes.add(word.lexeme(), last[0] + word.position(), 0));
    return lexemes;
  }

  /// The lexemes of these words.
  public static Lexemes of(Iterable<TextWord> words) {
    var lexemes = new Lexemes();
    words.forEach(word -> lexemes.add(word.lexeme(), word.position(), 0));
    return lexemes;
  }

  private void add(String lexeme, int position, int label) {
    int stored = Math.min(position, MAX_POSITION);
    Positions known = positions.get(lexeme);
    if (known == null) {
      // The count of positions and the first one follow, at an even number.
      int added = (lexeme.getBytes(StandardCharsets.UTF_8).length + 1) / 2 * 2 + 2 * Short.BYTES;
      if (bytes + added > MAX_BYTES) {
        return;
      }
      bytes += added;
      known = new Positions();
      positions.put(lexeme, known);
    } else if (known.isLast(stored)
        || known.number == MAX_POSITIONS
        || bytes + Short.BYTES > MAX_BYTES) {
      return;
    } else {
      bytes += Short.BYTES;
    }
    known.add(stored | label);
  }

  /// The tsvector in PostgreSQL's binary format. Source: `tsvectorrecv`.
  public byte[] binary() {
    var binary = new ByteArrayOutputStream(bytes + 16);
    try (var out = new DataOutputStream(binary)) {
      out.writeInt(positions.size());
      for (Map.Entry<String, Positions> entry : positions.entrySet()) {
        out.write(entry.getKey().getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
        Positions each = entry.getValue();
        out.writeShort(each.number);
        for (int i = 0; i < each.number; i++) {
          out.writeShort(each.values[i]);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return binary.toByteArray();
  }

  /// The tsvector as text.
  @Override
  public String toString() {
    var text = new StringJoiner(" ");
    positions.forEach((lexeme, each) -> {
      var list = new StringJoiner(",");
      for (int i = 0; i < each.number; i++) {
        list.add(each.text(i));
      }
      text.add(quoted(lexeme) + ":" + list);
    });
    return text.toString();
  }

  /// A lexeme as in the text of a tsvector or a tsquery.
  public static String quoted(String lexeme) {
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}

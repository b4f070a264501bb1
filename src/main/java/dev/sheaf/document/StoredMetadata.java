package dev.sheaf.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sheaf.limits.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.UUID;

/// Reads metadata that PostgreSQL prints very long. DocumentMetadata from before [DocumentMetadata]
/// limited its numbers may contain many like `1e1000`, of which PostgreSQL prints every digit: a
/// megabyte becomes hundreds. Such metadata is read in pieces, and its numbers are written with an
/// exponent.
public final class StoredMetadata {

  /// Longer metadata is read by [#read]. No metadata that is accepted today is as long.
  private static final int MAX_PRINTED = 1024 * 1024;

  /// The metadata of `document d` as text; NULL if it must be read by [#read].
  public static final String COLUMN =
      "CASE WHEN octet_length(d.metadata::text) <= " + MAX_PRINTED + " THEN d.metadata::text END";

  /// Numbers with more digits are written with an exponent.
  private static final int MANY_DIGITS = 40;

  /// Memory is reserved in steps of this many characters, which need up to [#BYTES_PER_CHARACTER]
  /// while the text grows.
  private static final int STEP = 256 * 1024;

  private static final int BYTES_PER_CHARACTER = 6;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private StoredMetadata() {}

  /// Reads the metadata of a document.
  ///
  /// @param connection in a transaction, so that the pieces are fetched one by one
  /// @param memory reserves memory for the result
  public static String read(
      Connection connection, long collectionId, UUID id, MemoryBudget.Account memory)
      throws SQLException {
    // The inner query prints the metadata once. OFFSET prevents that it is merged into the outer
    // one.
    String sql =
        """
        SELECT substr(p.printed, 1 + i * 1048576, 1048576)
          FROM (SELECT convert_to(metadata::text, 'UTF8') AS printed
                  FROM document_%1$s
                 WHERE collection_id = ?
                   AND id            = ?
                OFFSET 0) p
         CROSS JOIN LATERAL generate_series(0, (octet_length(p.printed) - 1) / 1048576) i
        """
            .formatted(collectionId);
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, collectionId);
      select.setObject(2, id);
      select.setFetchSize(1);
      try (ResultSet pieces = select.executeQuery()) {
        return shortened(new Pieces(pieces), memory);
      }
    } catch (IOException e) {
      if (e.getCause() instanceof SQLException failure) {
        throw failure;
      }
      throw new IllegalStateException("A jsonb column contained invalid JSON", e);
    }
  }

  private static String shortened(InputStream printed, MemoryBudget.Account memory)
      throws IOException {
    var text = new StringWriter();
    long reserved = 0;
    try (JsonParser in = JSON.createParser(printed);
        JsonGenerator out = JSON.createGenerator(text)) {
      for (JsonToken token = in.nextToken(); token != null; token = in.nextToken()) {
        if (token.isNumeric() && in.getTextLength() > MANY_DIGITS) {
          out.writeNumber(withExponent(in.getText()));
        } else {
          out.copyCurrentEventExact(in);
        }
        if (text.getBuffer().length() >= reserved) {
          memory.reserve((long) STEP * BYTES_PER_CHARACTER);
          reserved += STEP;
        }
      }
    }
    return text.toString();
  }

  /// Writes a number with an exponent. Works on the text, because arithmetic on thousands of such
  /// numbers takes seconds.
  ///
  /// @param printed as PostgreSQL prints it, without an exponent
  static String withExponent(String printed) {
    String sign = printed.startsWith("-") ? "-" : "";
    int point = printed.indexOf('.');
    String digits = printed.substring(sign.length(), point < 0 ? printed.length() : point);
    String fraction = point < 0 ? "" : printed.substring(point + 1);
    int end = fraction.length();
    while (end > 0 && fraction.charAt(end - 1) == '0') {
      end--;
    }
    fraction = fraction.substring(0, end);
    if (fraction.isEmpty()) {
      int zeros = digits.length();
      while (zeros > 1 && digits.charAt(zeros - 1) == '0') {
        zeros--;
      }
      int exponent = digits.length() - zeros;
      return sign + digits.substring(0, zeros) + (exponent == 0 ? "" : "E" + exponent);
    }
    String all = digits + fraction;
    int start = 0;
    while (start < all.length() - 1 && all.charAt(start) == '0') {
      start++;
    }
    return sign + all.substring(start) + "E-" + fraction.length();
  }

  /// The bytes of the rows of a result, one after the other.
  private static final class Pieces extends InputStream {

    private final ResultSet rows;
    private byte[] piece = new byte[0];
    private int next;

    Pieces(ResultSet rows) {
      this.rows = rows;
    }

    @Override
    public int read() throws IOException {
      return fill() ? Byte.toUnsignedInt(piece[next++]) : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (!fill()) {
        return -1;
      }
      int read = Math.min(length, piece.length - next);
      System.arraycopy(piece, next, target, offset, read);
      next += read;
      return read;
    }

    private boolean fill() throws IOException {
      try {
        while (next == piece.length) {
          if (!rows.next()) {
            return false;
          }
          piece = Objects.requireNonNull(rows.getBytes(1));
          next = 0;
        }
        return true;
      } catch (SQLException e) {
        throw new IOException(e);
      }
    }
  }
}

package dev.sheaf.document;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// Loads rows into one table with `COPY ... FORMAT binary`. Source: the PostgreSQL manual, "COPY",
/// "Binary Format". The values of a row must be added in the order of the columns.
///
/// The rows are in the table after [#finish]. If this is closed without it, the copy is cancelled,
/// and the transaction fails.
final class BinaryCopy implements AutoCloseable {

  private static final byte[] SIGNATURE =
      "PGCOPY\n\u00ff\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final int CHUNK = 64 * 1024;
  private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");
  private static final byte JSONB_VERSION = 1;

  private final CopyIn copy;
  private final short columns;
  private ByteBuffer buffer = ByteBuffer.allocate(2 * CHUNK);

  private BinaryCopy(CopyIn copy, int columns) {
    this.copy = copy;
    this.columns = (short) columns;
  }

  /// @param columns the names of the columns, separated by commas
  static BinaryCopy into(Connection connection, String table, String columns) throws SQLException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY " + table + " (" + columns + ") FROM STDIN (FORMAT binary)");
    var rows = new BinaryCopy(copy, columns.split(",", -1).length);
    // After the signature come the flags and the length of the header extension, both 0.
    rows.buffer.put(SIGNATURE).putInt(0).putInt(0);
    return rows;
  }

  BinaryCopy row() throws SQLException {
    if (buffer.position() >= CHUNK) {
      flush();
    }
    reserve(Short.BYTES).putShort(columns);
    return this;
  }

  BinaryCopy bigint(long value) {
    reserve(12).putInt(Long.BYTES).putLong(value);
    return this;
  }

  BinaryCopy integer(int value) {
    reserve(8).putInt(Integer.BYTES).putInt(value);
    return this;
  }

  BinaryCopy uuid(UUID value) {
    reserve(20).putInt(16).putLong(value.getMostSignificantBits());
    buffer.putLong(value.getLeastSignificantBits());
    return this;
  }

  BinaryCopy text(@Nullable String value) {
    if (value == null) {
      reserve(Integer.BYTES).putInt(-1);
      return this;
    }
    return bytea(value.getBytes(StandardCharsets.UTF_8));
  }

  /// Also any other value in its binary format.
  BinaryCopy bytea(byte[] value) {
    reserve(Integer.BYTES + value.length).putInt(value.length).put(value);
    return this;
  }

  BinaryCopy jsonb(String json) {
    byte[] value = json.getBytes(StandardCharsets.UTF_8);
    reserve(5 + value.length).putInt(1 + value.length).put(JSONB_VERSION).put(value);
    return this;
  }

  BinaryCopy timestamptz(Instant value) {
    return bigint(ChronoUnit.MICROS.between(POSTGRES_EPOCH, value));
  }

  /// pgvector's binary format: the number of dimensions, an unused number, the components.
  BinaryCopy vector(float[] value) {
    int bytes = 2 * Short.BYTES + value.length * Float.BYTES;
    reserve(Integer.BYTES + bytes).putInt(bytes).putShort((short) value.length).putShort((short) 0);
    buffer.asFloatBuffer().put(value);
    buffer.position(buffer.position() + value.length * Float.BYTES);
    return this;
  }

  /// The binary format of pgvector's `halfvec`, which is the same with components of 16 bits.
  BinaryCopy halfvec(float[] value) {
    int bytes = 2 * Short.BYTES + value.length * Short.BYTES;
    reserve(Integer.BYTES + bytes).putInt(bytes).putShort((short) value.length).putShort((short) 0);
    for (float component : value) {
      buffer.putShort(Float.floatToFloat16(component));
    }
    return this;
  }

  private ByteBuffer reserve(int bytes) {
    if (buffer.remaining() < bytes) {
      int needed = Math.addExact(buffer.position(), bytes);
      ByteBuffer larger = ByteBuffer.allocate(Math.max(needed, 2 * buffer.capacity()));
      buffer = larger.put(buffer.flip());
    }
    return buffer;
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer.array(), 0, buffer.position());
    buffer.clear();
  }

  /// @throws SQLException if the table rejects a row
  void finish() throws SQLException {
    reserve(Short.BYTES).putShort((short) -1);
    flush();
    copy.endCopy();
  }

  @Override
  public void close() throws SQLException {
    if (copy.isActive()) {
      copy.cancelCopy();
    }
  }
}

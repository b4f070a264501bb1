package dev.sheaf.embedding;

import com.pgvector.PGhalfvec;
import com.pgvector.PGvector;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import org.hibernate.type.SqlTypes;
import org.hibernate.type.descriptor.WrapperOptions;
import org.hibernate.usertype.UserType;
import org.jspecify.annotations.Nullable;

/// A `float[]` in a column of the type `vector` or `halfvec`. It is sent in binary, and a `vector`
/// is read in binary, for which each connection of the pool is prepared. The type of
/// hibernate-vector reads text.
public final class VectorUserType implements UserType<float[]> {

  @Override
  public int getSqlType() {
    return SqlTypes.VECTOR;
  }

  @Override
  public Class<float[]> returnedClass() {
    return float[].class;
  }

  @Override
  public float @Nullable [] nullSafeGet(ResultSet row, int position, WrapperOptions options)
      throws SQLException {
    return switch (row.getObject(position)) {
      case PGvector vector -> vector.toArray();
      case PGhalfvec vector -> vector.toArray();
      case null -> null;
      default -> throw new SQLException("column " + position + " is no vector");
    };
  }

  @Override
  public void nullSafeSet(
      PreparedStatement statement, float @Nullable [] value, int position, WrapperOptions options)
      throws SQLException {
    if (value == null) {
      statement.setNull(position, Types.OTHER);
    } else {
      statement.setObject(position, new PGvector(value));
    }
  }

  @Override
  public boolean equals(float[] one, float[] other) {
    return Arrays.equals(one, other);
  }

  @Override
  public int hashCode(float[] vector) {
    return Arrays.hashCode(vector);
  }

  @Override
  public float @Nullable [] deepCopy(float @Nullable [] value) {
    return value == null ? null : value.clone();
  }

  @Override
  public boolean isMutable() {
    return true;
  }
}

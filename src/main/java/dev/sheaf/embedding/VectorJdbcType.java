package dev.sheaf.embedding;

import com.pgvector.PGvector;
import java.sql.CallableStatement;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.hibernate.dialect.Dialect;
import org.hibernate.engine.jdbc.Size;
import org.hibernate.sql.ast.spi.SqlAppender;
import org.hibernate.type.SqlTypes;
import org.hibernate.type.descriptor.ValueBinder;
import org.hibernate.type.descriptor.ValueExtractor;
import org.hibernate.type.descriptor.WrapperOptions;
import org.hibernate.type.descriptor.java.JavaType;
import org.hibernate.type.descriptor.jdbc.ArrayJdbcType;
import org.hibernate.type.descriptor.jdbc.BasicBinder;
import org.hibernate.type.descriptor.jdbc.BasicExtractor;
import org.hibernate.type.descriptor.jdbc.FloatJdbcType;
import org.jspecify.annotations.Nullable;

/// A `float[]` attribute in a column of the type `vector`, sent and read in binary, as
/// [dev.sheaf.database] prepares its connections for. The type of hibernate-vector sends an array
/// of numbers that PostgreSQL casts, and reads text.
public final class VectorJdbcType extends ArrayJdbcType {

  private static final long serialVersionUID = 1L;

  public VectorJdbcType() {
    super(FloatJdbcType.INSTANCE);
  }

  @Override
  public int getDefaultSqlTypeCode() {
    return SqlTypes.VECTOR;
  }

  @Override
  public void appendWriteExpression(
      String writeExpression, @Nullable Size size, SqlAppender appender, Dialect dialect) {
    appender.append(writeExpression);
  }

  @Override
  public <X> ValueBinder<X> getBinder(JavaType<X> javaType) {
    return new Binder<>(javaType, this);
  }

  @Override
  public <X> ValueExtractor<X> getExtractor(JavaType<X> javaType) {
    return new Extractor<>(javaType, this);
  }

  private static final class Binder<X> extends BasicBinder<X> {

    private static final long serialVersionUID = 1L;

    Binder(JavaType<X> javaType, VectorJdbcType jdbcType) {
      super(javaType, jdbcType);
    }

    @Override
    protected void doBind(PreparedStatement statement, X value, int index, WrapperOptions options)
        throws SQLException {
      statement.setObject(index, vector(value, options));
    }

    @Override
    protected void doBind(CallableStatement statement, X value, String name, WrapperOptions options)
        throws SQLException {
      statement.setObject(name, vector(value, options));
    }

    private PGvector vector(X value, WrapperOptions options) {
      return new PGvector(getJavaType().unwrap(value, float[].class, options));
    }
  }

  private static final class Extractor<X> extends BasicExtractor<X> {

    private static final long serialVersionUID = 1L;

    Extractor(JavaType<X> javaType, VectorJdbcType jdbcType) {
      super(javaType, jdbcType);
    }

    @Override
    protected @Nullable X doExtract(ResultSet row, int index, WrapperOptions options)
        throws SQLException {
      return numbers(row.getObject(index), options);
    }

    @Override
    protected @Nullable X doExtract(CallableStatement statement, int index, WrapperOptions options)
        throws SQLException {
      return numbers(statement.getObject(index), options);
    }

    @Override
    protected @Nullable X doExtract(
        CallableStatement statement, String name, WrapperOptions options) throws SQLException {
      return numbers(statement.getObject(name), options);
    }

    private @Nullable X numbers(@Nullable Object vector, WrapperOptions options) {
      return vector == null ? null : getJavaType().wrap(((PGvector) vector).toArray(), options);
    }
  }
}

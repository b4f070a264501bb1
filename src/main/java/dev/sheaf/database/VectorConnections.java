package dev.sheaf.database;

import com.pgvector.PGvector;
import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.agroal.DataSource;
import jakarta.enterprise.inject.Default;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;

/// Teaches every connection of the pool the vector types, so that vectors travel in binary.
@Default
@DataSource(Replicas.POOL)
@Singleton
class VectorConnections implements AgroalPoolInterceptor {

  @Override
  public void onConnectionCreate(Connection connection) {
    try {
      PGvector.registerTypes(connection);
    } catch (SQLException e) {
      throw new IllegalStateException("could not register pgvector's types", e);
    }
  }
}

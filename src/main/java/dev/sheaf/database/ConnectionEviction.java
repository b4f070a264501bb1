package dev.sheaf.database;

import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.quarkus.agroal.runtime.JdbcDriver;
import io.quarkus.arc.Unremovable;
import io.quarkus.jdbc.postgresql.runtime.PostgreSQLAgroalConnectionConfigurer;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;

/// Keeps the pool from giving a connection to the next who asks when it was of no use to the last.
///
/// Quarkus knows of broken ones (class 08) alone. But what a server says before it breaks them is
/// 57P01; and a connection to a server that was made a standby works, and will never take a write.
@Singleton
@Unremovable
@Alternative
@Priority(1)
@JdbcDriver("postgresql")
class ConnectionEviction extends PostgreSQLAgroalConnectionConfigurer {

  @Override
  public void setExceptionSorter(String kind, AgroalDataSourceConfigurationSupplier dataSource) {
    dataSource
        .connectionPoolConfiguration()
        .exceptionSorter(
            // Without a state it is the pool's own complaint, and the connection is as good as
            // before.
            failure -> failure.getSQLState() != null && DatabaseFailure.isOutage(failure));
  }
}

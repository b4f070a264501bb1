package dev.sheaf.database;

import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.quarkus.agroal.runtime.JdbcDriver;
import io.quarkus.arc.Unremovable;
import io.quarkus.jdbc.postgresql.runtime.PostgreSQLAgroalConnectionConfigurer;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;

/// Evicts a connection from the pool after an error that makes it unusable.
///
/// Quarkus evicts connections after errors of class 08 only. A server that shuts down reports 57P01
/// first, and a connection to a server that became a standby works but rejects every write.
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
            // before. So is the one to a server that cannot reach another.
            failure ->
                failure.getSQLState() != null
                    && DatabaseFailure.isOutage(failure)
                    && DatabaseFailure.behind(failure) != DatabaseFailure.WORKER_UNREACHABLE);
  }
}

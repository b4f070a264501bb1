package dev.sheaf.testing;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.runtime.OperatorException;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/// Opens sessions in which the server writes its messages in German.
///
/// `scripts/local-postgres` installs the locale if it is allowed to. If the server has no such
/// locale, as in the container image, the tests are skipped: `@EnabledIf(value =
/// GermanPostgres.IS_SPOKEN, disabledReason = GermanPostgres.REASON)`.
public final class GermanPostgres {

  public static final String IS_SPOKEN = "dev.sheaf.testing.GermanPostgres#isSpoken";

  public static final String REASON =
      "this PostgreSQL has no German messages; scripts/local-postgres installs them, as root";

  private GermanPostgres() {}

  /// The same database with messages in German.
  public static DatabaseAddress of(DatabaseAddress address) {
    return new DatabaseAddress(
        address.jdbcUrl()
            + (address.jdbcUrl().contains("?") ? "&" : "?")
            + "options=-c%20lc_messages=de_DE.UTF-8",
        address.user(),
        address.password());
  }

  /// Whether the server has the locale and the translation.
  public static boolean isSpoken() {
    try (Connection connection = of(TestDatabase.server()).open("sheaf test");
        Statement statement = connection.createStatement();
        ResultSet _ = statement.executeQuery("SELECT FROM nothing")) {
      throw new IllegalStateException("there is a table named nothing");
    } catch (SQLException e) {
      return String.valueOf(e.getMessage()).contains("existiert nicht");
    } catch (OperatorException _) {
      return false;
    }
  }

  /// For a `@QuarkusTest`: `@TestProfile(GermanPostgres.Profile.class)`.
  public static final class Profile implements QuarkusTestProfile {
    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(new TestResourceEntry(Resource.class));
    }

    @Override
    public boolean disableGlobalTestResources() {
      return true;
    }
  }

  /// A database with the current schema and messages in German.
  public static final class Resource extends PostgresTestResource {
    @Override
    protected DatabaseAddress address(TestDatabase database) {
      return of(database.address());
    }
  }
}

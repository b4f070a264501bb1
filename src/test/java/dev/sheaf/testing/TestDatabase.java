package dev.sheaf.testing;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.SchemaTemplate;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/// A database for one test. It is dropped by [#close], or when the JVM ends.
///
/// It is created on the server that `SHEAF_TEST_DATABASE_URL` names, whose role must be allowed to
/// create databases and extensions. Without that variable, one container is started per JVM.
public final class TestDatabase implements AutoCloseable {

  static final String IMAGE = "docker.io/pgvector/pgvector:pg17";

  /// The names contain the process ID of the JVM, so that a later run can drop the databases of a
  /// killed JVM.
  private static final String PREFIX = "sheaf_test_";

  private static final Pattern FOR_NEW_SESSIONS = Pattern.compile("ALTER (?:DATABASE|ROLE)");

  private static final Set<TestDatabase> OPEN = ConcurrentHashMap.newKeySet();

  private final DatabaseAddress address;
  private final Sessions sessions;

  private TestDatabase(DatabaseAddress address, boolean keepSessions) {
    this.address = address;
    this.sessions = new Sessions(address, keepSessions);
  }

  /// Sessions that are used again, because a new one costs more than most statements of tests.
  private record Sessions(DatabaseAddress address, boolean keep, Queue<Connection> idle) {
    Sessions(DatabaseAddress address, boolean keep) {
      this(address, keep, new ConcurrentLinkedQueue<>());
    }

    private interface Use<T> {
      T of(Statement statement) throws SQLException;
    }

    private Connection idleOrNew() throws SQLException {
      Connection connection = idle.poll();
      return connection != null && connection.isValid(60) ? connection : address.open("sheaf test");
    }

    /// Uses a session that is in the state of a new one. After a failure it is not used again.
    <T> T use(Use<T> use) throws SQLException {
      Connection connection = idleOrNew();
      T result;
      try (Statement statement = connection.createStatement()) {
        statement.setEscapeProcessing(false);
        result = use.of(statement);
        statement.execute("DISCARD ALL");
      } catch (SQLException | RuntimeException e) {
        try (connection) {
          throw e;
        }
      }
      if (keep) {
        idle.add(connection);
      } else {
        connection.close();
      }
      return result;
    }

    void close() {
      for (Connection connection = idle.poll(); connection != null; connection = idle.poll()) {
        try {
          connection.close();
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  /// Creates an empty database.
  public static TestDatabase create() {
    String name = freshName();
    createFrom("template0", name);
    return opened(name);
  }

  /// Creates a database with the current schema, by cloning a template. The template is migrated
  /// once for all processes, and kept until the changelogs change.
  public static TestDatabase migrated() {
    String name = freshName();
    createFrom(Template.NAME, name);
    return opened(name);
  }

  /// Creates a copy of this database.
  public TestDatabase copy() {
    endSessions();
    String name = freshName();
    createFrom(address.database(), name);
    return opened(name);
  }

  /// A unique name for a database that the caller creates.
  public static String freshName() {
    byte[] random = new byte[4];
    new SecureRandom().nextBytes(random);
    return PREFIX + ProcessHandle.current().pid() + "_" + HexFormat.of().formatHex(random);
  }

  /// Adopts a database that was created with a [#freshName], so that it is dropped at the end.
  public static TestDatabase opened(String name) {
    TestDatabase database = new TestDatabase(Server.ADDRESS.withDatabase(name), true);
    OPEN.add(database);
    return database;
  }

  /// A database on another server. It is not dropped, and keeps no sessions.
  public static TestDatabase at(DatabaseAddress address) {
    return new TestDatabase(address, false);
  }

  /// The maintenance database of the server, for a test that creates its own databases.
  public static DatabaseAddress server() {
    return Server.ADDRESS;
  }

  public DatabaseAddress address() {
    return address;
  }

  /// Opens a new connection in auto-commit mode.
  public Connection connect() {
    return address.open("sheaf test");
  }

  /// Executes statements that are separated by semicolons.
  public void execute(String sql) throws SQLException {
    sessions.use(statement -> statement.execute(sql));
    if (FOR_NEW_SESSIONS.matcher(sql).find()) {
      endSessions();
    }
  }

  /// The first column of every row of a query, as text.
  public List<String> query(String sql) throws SQLException {
    return sessions.use(statement -> {
      try (ResultSet row = statement.executeQuery(sql)) {
        List<String> values = new ArrayList<>();
        while (row.next()) {
          values.add(String.valueOf(row.getString(1)));
        }
        return values;
      }
    });
  }

  /// Ends the sessions that [#execute] and [#query] keep, for a test that needs a database without
  /// sessions.
  public void endSessions() {
    sessions.close();
  }

  @Override
  public void close() {
    sessions.close();
    if (OPEN.remove(this)) {
      administer("DROP DATABASE IF EXISTS " + address.database() + " WITH (FORCE)");
    }
  }

  /// A copy of the files takes a third of the processor time of the usual copy by the write-ahead
  /// log. Its checkpoints cost little on a server for tests.
  private static void createFrom(String template, String name) {
    administer("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy");
  }

  private static void administer(String sql) {
    try {
      Server.SESSIONS.use(statement -> statement.execute(sql));
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /// The template. It is migrated when the first test needs it, unless an earlier run created it.
  private static final class Template {
    static final String NAME = SchemaTemplate.ensure(Server.ADDRESS, "sheaf_test_template");
  }

  /// The server. It is found or started when the first test needs it.
  private static final class Server {
    static final DatabaseAddress ADDRESS = find();
    static final Sessions SESSIONS = new Sessions(ADDRESS, true);

    static {
      sweep();
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> Set.copyOf(OPEN).forEach(TestDatabase::close)));
    }

    private static DatabaseAddress find() {
      return Optional.ofNullable(System.getenv("SHEAF_TEST_DATABASE_URL"))
          .filter(url -> !url.isBlank())
          .map(DatabaseAddress::parse)
          .orElseGet(Server::startContainer);
    }

    @SuppressWarnings("resource") // It ends with the JVM.
    private static DatabaseAddress startContainer() {
      PostgreSQLContainer container =
          new PostgreSQLContainer(
              DockerImageName.parse(IMAGE).asCompatibleSubstituteFor("postgres"));
      container.start();
      Runtime.getRuntime().addShutdownHook(new Thread(container::stop));
      return new DatabaseAddress(
          container.getJdbcUrl(), container.getUsername(), container.getPassword());
    }

    /// Drops the databases of killed runs: their process has ended, and no session uses them.
    private static void sweep() {
      String sql =
          """
          SELECT datname
            FROM pg_database d
           WHERE datname ~ '^%s[0-9]+_[0-9a-f]{8}$'
             AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)
          """
              .formatted(PREFIX);
      try (Connection connection = ADDRESS.open("sheaf test");
          Statement statement = connection.createStatement()) {
        List<String> leftovers = new ArrayList<>();
        try (ResultSet row = statement.executeQuery(sql)) {
          while (row.next()) {
            String name = row.getString(1);
            long pid = Long.parseLong(name.substring(PREFIX.length(), name.lastIndexOf('_')));
            if (ProcessHandle.of(pid).isEmpty()) {
              leftovers.add(name);
            }
          }
        }
        for (String leftover : leftovers) {
          // A concurrent run may drop the same databases.
          statement.execute("DROP DATABASE IF EXISTS " + leftover);
        }
      } catch (SQLException e) {
        throw new IllegalStateException("sweeping old test databases", e);
      }
    }
  }
}

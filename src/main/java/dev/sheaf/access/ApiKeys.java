package dev.sheaf.access;

import dev.sheaf.audit.AuditAction;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.database.Replicas;
import dev.sheaf.database.Sql;
import dev.sheaf.database.Transactions;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import io.agroal.api.AgroalDataSource;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Creates, lists and revokes API keys.
@Singleton
public final class ApiKeys {

  static final String MODULE = "access";

  private static final String COLUMNS =
      """
      id, name, role, collections, created_at, expires_at, revoked_at, last_used_at,
      CASE WHEN revoked_at IS NOT NULL THEN 'REVOKED'
           WHEN expires_at <= now()    THEN 'EXPIRED'
           ELSE 'ACTIVE'
      END AS state
      """;

  private static final String INSERT =
      """
      INSERT INTO api_key (id, hash, name, role, collections, expires_at)
           VALUES (?, ?, ?, ?, ?, now() + ? * interval '1 s')
        RETURNING %s
      """
          .formatted(COLUMNS);

  /// Relies on api_key_pkey.
  private static final String FIND =
      """
      SELECT hash, last_used_at > now() - interval '1 min', %s
        FROM api_key
       WHERE id = ?
      """
          .formatted(COLUMNS);

  /// Skips a key whose use another replica records at the same time. Relies on api_key_pkey.
  private static final String RECORD_USES =
      """
      WITH used AS (
           SELECT k.id, now() - u.age * interval '1 ms' AS at
             FROM unnest(?::text[], ?::bigint[]) AS u (id, age)
             JOIN api_key k ON k.id = u.id
            WHERE (k.last_used_at > now() - (u.age + 60000) * interval '1 ms') IS NOT TRUE
            ORDER BY k.id
              FOR UPDATE OF k SKIP LOCKED
      )
      UPDATE api_key k
         SET last_used_at = used.at
        FROM used
       WHERE k.id = used.id
      """;

  private final Source source;

  /// `null` in a command.
  private final @Nullable Replicas replicas;

  private final AuditTrail audit;

  @Inject
  ApiKeys(AgroalDataSource dataSource, Replicas replicas, AuditTrail audit) {
    this(dataSource::getConnection, replicas, audit);
  }

  /// For commands, which have no container.
  public ApiKeys(Source source, AuditTrail audit) {
    this(source, null, audit);
  }

  private ApiKeys(Source source, @Nullable Replicas replicas, AuditTrail audit) {
    this.source = source;
    this.replicas = replicas;
    this.audit = audit;
  }

  /// Where connections come from.
  public interface Source {
    Connection connect() throws SQLException;
  }

  /// Creates a key.
  ///
  /// @return the key with its secret, which is not stored
  public CreatedKey create(CreateKey request) throws SQLException {
    KeyToken key = KeyToken.random();
    return transaction(connection -> {
      ApiKey created = insert(connection, key, request);
      var details = new TreeMap<String, Object>(Map.of("role", created.role().value()));
      if (created.name() != null) {
        details.put("name", created.name());
      }
      if (created.collections() != null) {
        details.put("collections", created.collections());
      }
      if (created.expiresAt() != null) {
        details.put("expiresAt", created.expiresAt().toString());
      }
      audit.record(connection, AuditAction.KEY_CREATED, created.id(), details);
      return new CreatedKey(key.reveal(), created);
    });
  }

  private static ApiKey insert(Connection connection, KeyToken key, CreateKey request)
      throws SQLException {
    Set<String> collections = request.collections();
    return Sql.of(
            INSERT,
            key.id(),
            key.hash(),
            request.name(),
            request.role().value(),
            collections == null ? null : collections.toArray(String[]::new),
            request.expires() == null ? null : request.expires().toSeconds())
        .first(connection, ApiKeys::read)
        .orElseThrow();
  }

  /// All keys, including expired and revoked ones, newest first.
  public List<ApiKey> list() throws SQLException {
    try (Connection connection = source.connect()) {
      return Sql.of("SELECT " + COLUMNS + " FROM api_key ORDER BY created_at DESC, id")
          .list(connection, ApiKeys::read);
    }
  }

  /// Revokes a key permanently. Revoking it again has no effect.
  ///
  /// @throws Problem if no key has this ID
  public void revoke(String id) throws SQLException {
    boolean exists =
        KeyToken.isId(id)
            && transaction(connection -> {
              Sql revoke =
                  Sql.of(
                      "UPDATE api_key SET revoked_at = now() WHERE id = ? AND revoked_at IS NULL",
                      id);
              if (revoke.update(connection) == 1) {
                audit.record(connection, AuditAction.KEY_REVOKED, id, Map.of());
                return true;
              }
              return find(connection, id).isPresent();
            });
    if (!exists) {
      throw new Problem(ProblemType.KEY_NOT_FOUND, "There is no key with the ID " + id + ".");
    }
  }

  /// What is stored of a key, for checking a key that a client sends.
  ///
  /// @param hash of the secret
  /// @param usedRecently whether the last recorded use is less than a minute ago
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record StoredKey(byte[] hash, boolean usedRecently, ApiKey description) {}

  /// Searches go on without the primary, so a standby may say what a key is. A key that was revoked
  /// a moment ago may then still be valid.
  Optional<StoredKey> find(String id) throws SQLException {
    if (replicas != null) {
      return replicas.preferPrimary(connection -> find(connection, id));
    }
    try (Connection connection = source.connect()) {
      return find(connection, id);
    }
  }

  private static Optional<StoredKey> find(Connection connection, String id) throws SQLException {
    return Sql.of(FIND, id)
        .first(connection, row -> new StoredKey(row.getBytes(1), row.getBoolean(2), read(row)));
  }

  /// Records uses of keys, each at most once a minute for all replicas together. Does not wait
  /// until a standby or the disk has the record: a crash may lose it.
  ///
  /// @param ages how long ago each key was used, by its ID
  void recordUses(Map<String, Duration> ages) throws SQLException {
    List<Map.Entry<String, Duration>> uses = List.copyOf(ages.entrySet());
    transaction(connection -> {
      Sql.of("SET LOCAL synchronous_commit = off").update(connection);
      return Sql.of(
              RECORD_USES,
              uses.stream().map(Map.Entry::getKey).toArray(String[]::new),
              uses.stream().map(use -> use.getValue().toMillis()).toArray(Long[]::new))
          .update(connection);
    });
  }

  boolean hasActiveKey() throws SQLException {
    try (Connection connection = source.connect()) {
      return Sql.of(
              """
              SELECT EXISTS (SELECT FROM api_key
                              WHERE revoked_at IS NULL
                                AND (expires_at IS NULL OR expires_at > now()))
              """)
          .isTrue(connection);
    }
  }

  private <T> T transaction(Transactions.Work<T, RuntimeException> work) throws SQLException {
    try (Connection connection = source.connect()) {
      return Transactions.call(connection, work);
    }
  }

  private static ApiKey read(ResultSet row) throws SQLException {
    Array collections = row.getArray("collections");
    return new ApiKey(
        row.getString("id"),
        row.getString("name"),
        Role.of(row.getString("role")),
        collections == null ? null : List.of((String[]) collections.getArray()),
        ApiKey.State.valueOf(row.getString("state")),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        Sql.instant(row, "expires_at"),
        Sql.instant(row, "revoked_at"),
        Sql.instant(row, "last_used_at"));
  }
}

package dev.sheaf.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A session that another session waits for, because it holds a lock or is ahead in the queue for
/// it.
///
/// @param backend the process id of the session on the server, for `pg_terminate_backend`; 0 for a
///   prepared transaction, which has no session
/// @param name the application name, or what the server calls its own process; empty if unknown
/// @param role the role of the session; `null` for a process of the server
/// @param state `active`, `idle in transaction` and so on; `null` if this role may not read it
/// @param since the start of its transaction; `null` if this role may not read it
/// @param waits whether it waits for a lock itself
/// @param query its last statement; `null` if this role may not read it
public record BlockingSession(
    int backend,
    String name,
    @Nullable String role,
    @Nullable String state,
    @Nullable Instant since,
    boolean waits,
    @Nullable String query) {

  /// More are counted, not named.
  private static final int NAMED = 3;

  private static final int QUERY_LENGTH = 80;

  /// As much of a statement as a server usually tells.
  private static final int READ = 1_024;

  /// Those that wait themselves come last: they go on when the first ones end.
  private static final String BLOCKING =
      """
      WITH RECURSIVE blocking (pid) AS (
             SELECT unnest(pg_blocking_pids(?))
              UNION
             SELECT unnest(pg_blocking_pids(pid)) FROM blocking)
      SELECT pid,
             CASE WHEN pid = 0
                  THEN 'prepared transaction '
                       || coalesce((SELECT string_agg(quote_literal(gid), ' or ' ORDER BY prepared)
                                      FROM pg_prepared_xacts
                                     WHERE database = current_database()), '')
                  WHEN a.backend_type <> 'client backend' THEN a.backend_type
                  ELSE coalesce(a.application_name, '') END,
             a.usename,
             a.state,
             a.xact_start,
             cardinality(pg_blocking_pids(pid)) > 0 AS waits,
             CASE WHEN a.backend_type IS NOT NULL THEN a.query END
        FROM blocking
        LEFT JOIN pg_stat_activity a USING (pid)
       WHERE pid <> ?
       ORDER BY waits, a.xact_start, pid
      """;

  private static final String AUTOVACUUM = "autovacuum worker";
  private static final String WRAPAROUND = "(to prevent wraparound)";

  private static final Pattern SPACE_OR_COMMENT =
      Pattern.compile("(?s)\\s+|--[^\\n]*(?:\\n|$)|/\\*.*?(?:\\*/|$)");

  /// What cannot be data: a name, a word that is no prefix of a literal, an operator.
  private static final Pattern WORD =
      Pattern.compile(
          "\"[^\"]*\"|[\\p{L}_][\\p{L}\\p{N}_$]*+(?!')|(?!--|/\\*)[^'\"$\\p{N}\\p{L}_]");

  /// The sessions for which `backend` waits, directly or through others; empty if it does not wait.
  public static List<BlockingSession> of(Connection connection, int backend) throws SQLException {
    return Sql.of(BLOCKING, backend, backend)
        .list(
            connection,
            row ->
                new BlockingSession(
                    row.getInt(1),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    Sql.instant(row, 5),
                    row.getBoolean(6),
                    row.getString(7)));
  }

  /// Describes sessions in one line.
  public static String describe(List<BlockingSession> sessions) {
    int more = sessions.size() - NAMED;
    return sessions.stream()
            .limit(NAMED)
            .map(BlockingSession::toString)
            .collect(Collectors.joining("; and by "))
        + (more > 0 ? "; and by " + more + " more" : "");
  }

  /// `psql, backend 4711, role ann, idle in transaction since 2026-11-29T22:31:04Z: UPDATE orders
  /// SET state =`
  @Override
  public String toString() {
    if (backend == 0) {
      return name.strip();
    }
    boolean wraparound = AUTOVACUUM.equals(name) && query != null && query.contains(WRAPAROUND);
    var text = new StringBuilder(wraparound ? "autovacuum to prevent wraparound" : name);
    if (!text.isEmpty()) {
      text.append(", ");
    }
    text.append("backend ").append(backend);
    if (role != null) {
      text.append(", role ").append(role);
    }
    if (state != null) {
      text.append(", ").append(waits ? "waiting for a lock itself" : state);
    }
    if (since != null) {
      text.append(state == null ? ", since " : " since ")
          .append(since.truncatedTo(ChronoUnit.SECONDS));
    }
    String words = query == null ? "" : words(query);
    return text + (words.isEmpty() ? "" : ": " + words);
  }

  /// The words with which a statement begins. It ends before the first literal, number or
  /// parameter, and before a comment, which can contain anything.
  static String words(String query) {
    String read = query.substring(0, Math.min(query.length(), READ));
    int begin = end(SPACE_OR_COMMENT, read, 0);
    String words = read.substring(begin, end(WORD, read, begin));
    String text = words.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    return text.length() > QUERY_LENGTH ? text.substring(0, QUERY_LENGTH - 3) + "..." : text;
  }

  /// Where the matches of `pattern` that follow each other from `begin` on end.
  private static int end(Pattern pattern, String text, int begin) {
    Matcher matcher = pattern.matcher(text);
    int end = begin;
    while (end < text.length() && matcher.region(end, text.length()).lookingAt()) {
      end = matcher.end();
    }
    return end;
  }
}

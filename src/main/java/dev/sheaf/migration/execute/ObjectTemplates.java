package dev.sheaf.migration.execute;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.SqlStatement;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Objects that are created and dropped with data, such as the partitions of a collection. Each
/// template is a changelog with parameters, `db/changelog/template/<name>.sql`. Applied templates
/// are not in the history.
public final class ObjectTemplates {

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  private static final Pattern INSTANCES = Pattern.compile("(?s)/\\* instances\\s(.*?)\\*/");

  /// Characters that cannot end a statement, start a comment or open a quote.
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_:(), .]{1,200}");

  private final Changelogs changelogs;
  private final Map<String, Changeset> parsed = new ConcurrentHashMap<>();

  public ObjectTemplates(Changelogs changelogs) {
    this.changelogs = changelogs;
  }

  /// Creates the objects of a template. The statements run in the caller's transaction. If the
  /// template is not [#isTransactional], `connection` must be in auto-commit mode, and the remnants
  /// of an interrupted attempt are removed first.
  ///
  /// @param parameters a value for each parameter of the template: an integer, or a text of
  ///   letters, digits and `_ : ( ) , .`
  /// @return the notices and warnings of the server
  /// @throws IllegalArgumentException if a parameter is missing, unknown, or not safe in SQL
  /// @throws SQLException if a statement fails
  public List<String> apply(Connection connection, String template, Map<String, ?> parameters)
      throws SQLException {
    return run(connection, template, changeset(template).up(), parameters);
  }

  /// Drops the objects that [#apply] created with the same parameters. Parameters that only
  /// [#apply] needs can be omitted.
  ///
  /// @throws IllegalArgumentException as in [#apply]
  /// @throws SQLException if a statement fails
  public void revert(Connection connection, String template, Map<String, ?> parameters)
      throws SQLException {
    List<SqlStatement> down = changeset(template).down();
    if (down == null) {
      throw new IllegalStateException("template " + template + " has no rollback");
    }
    run(connection, template, down, parameters);
  }

  /// Whether `template` runs in the caller's transaction.
  public boolean isTransactional(String template) {
    return changeset(template).transactional();
  }

  /// The names of the templates, in alphabetical order, which is also the order of their
  /// dependencies.
  public List<String> names() {
    return List.copyOf(changelogs.templates().keySet());
  }

  /// The query for the parameters of all instances of `template`, from its comment `/* instances
  /// SELECT ... */`; `null` if there is none.
  public @Nullable String instances(String template) {
    Matcher matcher = INSTANCES.matcher(changeset(template).file().content().toString());
    return matcher.find() ? matcher.group(1).strip() : null;
  }

  private List<String> run(
      Connection connection,
      String template,
      List<SqlStatement> statements,
      Map<String, ?> parameters)
      throws SQLException {
    Changeset changeset = changeset(template);
    Set<String> known = placeholders(changeset);
    for (String name : parameters.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("template " + template + " has no parameter " + name);
      }
    }
    var notices = new ArrayList<String>();
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      for (SqlStatement sql : statements) {
        String filled = fill(template, sql.sql(), parameters);
        if (!changeset.transactional()) {
          for (String remnant :
              ConcurrentStep.of(SqlStatement.stored(filled)).remnants(connection, null)) {
            statement.execute(remnant);
          }
        }
        statement.execute(filled);
        for (SQLWarning notice = statement.getWarnings();
            notice != null;
            notice = notice.getNextWarning()) {
          notices.add(notice.getMessage());
        }
      }
    }
    return notices;
  }

  private Changeset changeset(String template) {
    return parsed.computeIfAbsent(template, this::parse);
  }

  private Changeset parse(String template) {
    ChangelogFile file = changelogs.templates().get(template);
    if (file == null) {
      throw new IllegalArgumentException("no template " + template + "; there are " + names());
    }
    Changeset changeset = Changeset.of(file);
    changeset.requireRunnable();
    return changeset;
  }

  private static Set<String> placeholders(Changeset changeset) {
    Set<String> names = new HashSet<>();
    collect(changeset.up(), names);
    if (changeset.down() != null) {
      collect(changeset.down(), names);
    }
    return names;
  }

  private static void collect(List<SqlStatement> statements, Set<String> names) {
    for (SqlStatement statement : statements) {
      Matcher matcher = PLACEHOLDER.matcher(statement.sql());
      while (matcher.find()) {
        names.add(matcher.group(1));
      }
    }
  }

  private static String fill(String template, String sql, Map<String, ?> parameters) {
    return PLACEHOLDER
        .matcher(sql)
        .replaceAll(match -> Matcher.quoteReplacement(value(template, match.group(1), parameters)));
  }

  private static String value(String template, String name, Map<String, ?> parameters) {
    Object value = parameters.get(name);
    return switch (value) {
      case Long number -> number.toString();
      case Integer number -> number.toString();
      case String text when SAFE.matcher(text).matches() -> text;
      case null ->
          throw new IllegalArgumentException(
              "template " + template + " needs the parameter " + name);
      default ->
          throw new IllegalArgumentException(
              "template " + template + ": the parameter " + name + " is not safe in SQL: " + value);
    };
  }
}

package dev.sheaf.migration.execute;

import dev.sheaf.migration.changelog.ChangelogFile;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.Changeset;
import dev.sheaf.migration.changelog.ChangesetParser;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The objects that come and go with data, such as the partitions of a collection: changelogs with
/// parameters, `db/changelog/template/<name>.sql`, run as often as there are things to run them
/// for. They are not in the history; the data they belong to is.
public final class ObjectTemplates {

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  private static final Pattern INSTANCES = Pattern.compile("(?s)/\\* instances\\s(.*?)\\*/");

  /// What cannot end a statement, start a comment or open a quote.
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_:(), .]{1,200}");

  private final Changelogs changelogs;
  private final Map<String, Changeset> parsed = new ConcurrentHashMap<>();

  public ObjectTemplates(Changelogs changelogs) {
    this.changelogs = changelogs;
  }

  /// Creates what `template` describes. Its statements run in the caller's transaction, unless
  /// [#isTransactional] says no: then `connection` has to be in auto-commit, and what an
  /// interrupted earlier try left is cleared first.
  ///
  /// @param parameters every name that the template uses, and no other; values are integers or text
  ///   of letters, digits and `_ : ( ) , .`
  /// @throws IllegalArgumentException when a parameter is missing, too much, or not safe in SQL
  /// @throws SQLException what PostgreSQL says about a statement
  public void apply(Connection connection, String template, Map<String, ?> parameters)
      throws SQLException {
    run(connection, template, changeset(template).up(), parameters);
  }

  /// Undoes [#apply] with the same parameters; those that only the way up needs may be missing.
  ///
  /// @throws IllegalArgumentException as there
  /// @throws SQLException as there
  public void revert(Connection connection, String template, Map<String, ?> parameters)
      throws SQLException {
    List<String> down = changeset(template).down();
    if (down == null) {
      throw new IllegalStateException("template " + template + " has no rollback");
    }
    run(connection, template, down, parameters);
  }

  /// Whether `template` runs inside the caller's transaction.
  public boolean isTransactional(String template) {
    return changeset(template).transactional();
  }

  /// Their names, in alphabetical order, which is also the order in which they build on each other.
  public List<String> names() {
    return List.copyOf(changelogs.templates().keySet());
  }

  /// The query whose rows are the parameters of everything that `template` was applied for, from
  /// its comment `/* instances SELECT ... */`; `null` when it has none.
  public @Nullable String instances(String template) {
    Matcher matcher = INSTANCES.matcher(changeset(template).file().content());
    return matcher.find() ? matcher.group(1).strip() : null;
  }

  private void run(
      Connection connection, String template, List<String> statements, Map<String, ?> parameters)
      throws SQLException {
    Changeset changeset = changeset(template);
    Set<String> known = placeholders(changeset);
    for (String name : parameters.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("template " + template + " has no parameter " + name);
      }
    }
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      for (String sql : statements) {
        String filled = fill(template, sql, parameters);
        if (!changeset.transactional()) {
          for (String remnant : ConcurrentStep.of(filled).remnants(connection, null)) {
            statement.execute(remnant);
          }
        }
        statement.execute(filled);
      }
    }
  }

  private Changeset changeset(String template) {
    return parsed.computeIfAbsent(template, this::parse);
  }

  private Changeset parse(String template) {
    String content = changelogs.templates().get(template);
    if (content == null) {
      throw new IllegalArgumentException("no template " + template + "; there are " + names());
    }
    // Liquibase leaves a placeholder whose parameter it does not know as it is.
    return ChangesetParser.parse(
        new ChangelogFile(
            "template",
            0,
            template,
            Changelogs.LOCATION + "/template/" + template + ".sql",
            content));
  }

  private static Set<String> placeholders(Changeset changeset) {
    Set<String> names = new HashSet<>();
    collect(changeset.up(), names);
    if (changeset.down() != null) {
      collect(changeset.down(), names);
    }
    return names;
  }

  private static void collect(List<String> statements, Set<String> names) {
    for (String sql : statements) {
      Matcher matcher = PLACEHOLDER.matcher(sql);
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

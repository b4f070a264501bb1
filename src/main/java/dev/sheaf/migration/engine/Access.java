package dev.sheaf.migration.engine;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.Sql;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.migration.Difference;
import dev.sheaf.migration.catalog.CatalogSnapshot;
import dev.sheaf.migration.lint.TableImpact;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Who may do what with the objects of a database, and with whom it shares rows.
///
/// @param objects the catalog as text
/// @param sharing what the catalog leaves out: servers and their settings, by kind and name
record Access(CatalogSnapshot objects, SortedMap<String, String> sharing) {

  private static final String PRIVILEGES = "privileges ";

  private static final Pattern SHARED =
      Pattern.compile("(policy|default privileges|publication|foreign table) .*");

  private static final String SHARING =
      """
      SELECT 'foreign server ' || quote_ident(srvname), concat_ws(' ', srvowner::regrole, srvacl, srvoptions)
        FROM pg_foreign_server
      UNION ALL
      SELECT 'user mapping of ' || quote_ident(usename) || ' on ' || quote_ident(srvname), concat_ws(' ', umoptions)
        FROM pg_user_mappings
      UNION ALL
      SELECT 'subscription ' || quote_ident(subname), concat_ws(' ', subenabled, subpublications)
        FROM pg_subscription
       WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
      """;

  private static final String PUBLISHED =
      """
      SELECT format('%s.%s', schemaname, tablename), quote_ident(pubname) FROM pg_publication_tables ORDER BY 1, 2
      """;

  /// Reads a database.
  static Access of(DatabaseAddress address) {
    try (Connection connection = address.open("sheaf plan")) {
      SortedMap<String, String> sharing = new TreeMap<>();
      for (Map.Entry<String, String> object :
          Sql.of(SHARING).list(connection, row -> Map.entry(row.getString(1), row.getString(2)))) {
        sharing.put(object.getKey(), object.getValue());
      }
      return new Access(CatalogSnapshot.of(connection).withoutEngine(), sharing);
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, "reading its privileges", e);
    }
  }

  /// The publications of each published table of a database, by the table's name.
  static Map<String, List<String>> published(DatabaseAddress address) {
    try (Connection connection = address.open("sheaf plan")) {
      return Sql.of(PUBLISHED)
          .list(connection, row -> Map.entry(row.getString(1), row.getString(2)))
          .stream()
          .collect(
              Collectors.groupingBy(
                  Map.Entry::getKey, Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
    } catch (SQLException e) {
      throw SqlErrorMessage.running(address, "reading its publications", e);
    }
  }

  /// What changed, one text for each object: `policy p on public.t created`.
  ///
  /// @param touched the tables that the changeset changes
  /// @param published of the database in use, by table
  List<String> changes(
      Access after, List<TableImpact> touched, Map<String, List<String>> published) {
    Stream<String> inCatalog =
        objects.differences(after.objects).stream()
            .flatMap(difference -> Stream.ofNullable(change(difference)));
    TreeSet<String> servers = new TreeSet<>(sharing.keySet());
    servers.addAll(after.sharing.keySet());
    Stream<String> ofServers =
        servers.stream()
            .flatMap(name ->
                Stream.ofNullable(change(name, sharing.get(name), after.sharing.get(name))));
    Stream<String> ofSubscribers =
        touched.stream()
            .filter(table -> table.outcome() != TableImpact.Outcome.LOCKED)
            .filter(table -> published.containsKey(table.object()))
            .map(table ->
                "%s is published by %s, and subscribers need the same change"
                    .formatted(
                        table.object(),
                        String.join(", ", published.getOrDefault(table.object(), List.of()))));
    return Stream.of(inCatalog, ofServers, ofSubscribers).flatMap(texts -> texts).toList();
  }

  private static @Nullable String change(Difference difference) {
    String object = difference.object();
    if (object.startsWith(PRIVILEGES)) {
      return ofPrivileges(
          object.substring(PRIVILEGES.length()), difference.expected(), difference.actual());
    }
    if (SHARED.matcher(object).matches()) {
      return change(object, difference.expected(), difference.actual());
    }
    boolean before = isSecured(difference.expected());
    boolean now = isSecured(difference.actual());
    return before == now || difference.expected() == null || difference.actual() == null
        ? null
        : "row-level security of " + object + (now ? " enabled" : " disabled");
  }

  private static @Nullable String change(
      String object, @Nullable String before, @Nullable String after) {
    if (before == null) {
      return object + " created";
    }
    return after == null ? object + " dropped" : before.equals(after) ? null : object + " changed";
  }

  /// Every object has an owner; what a new object or a dropped one has is no change. The owner is
  /// the first word.
  private static @Nullable String ofPrivileges(
      String object, @Nullable String before, @Nullable String after) {
    if (after == null) {
      return null;
    }
    String[] now = after.split(" ", 2);
    if (before == null) {
      return now.length == 2 || after.startsWith("{")
          ? "privileges on " + object + " granted"
          : null;
    }
    return before.split(" ", 2)[0].equals(now[0])
        ? "privileges on " + object + " changed"
        : "owner of " + object + " changed from " + before.split(" ", 2)[0] + " to " + now[0];
  }

  private static boolean isSecured(@Nullable String definition) {
    return definition != null && definition.contains("row security");
  }
}

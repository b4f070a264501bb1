package dev.sheaf.migration.catalog;

import dev.sheaf.migration.Difference;
import dev.sheaf.migration.catalog.Catalog.Detail;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/// A [Catalog] as ordered text: equal snapshots, equal schemas.
///
/// Left out is what the server counts or places for itself (oids, file nodes, statistics, positions
/// of dropped columns), and what belongs to an extension rather than to the schema.
///
/// @param objects the object's kind and name, such as `column document.title`, and its definition
/// @param engine which of them the migration engine keeps for itself
public record CatalogSnapshot(SortedMap<String, String> objects, Set<String> engine) {

  public CatalogSnapshot {
    objects = Collections.unmodifiableSortedMap(new TreeMap<>(objects));
    engine = Set.copyOf(engine);
  }

  /// Reads the catalog that `connection` sees, its own uncommitted changes included.
  public static CatalogSnapshot of(Connection connection) throws SQLException {
    return of(CatalogReader.read(connection, Detail.EXACT));
  }

  /// The text of `catalog`, which was read exactly.
  public static CatalogSnapshot of(Catalog catalog) {
    return new CatalogText(catalog).snapshot();
  }

  /// What a changelog says about a schema: this snapshot without who may do what, which every
  /// installation decides for itself, and without the tables and functions that the engine keeps
  /// for itself, and what is in the trash.
  public CatalogSnapshot ofChangelogs() {
    return without(object ->
        engine.contains(object)
            || object.startsWith("privileges ")
            || object.startsWith("default privileges "));
  }

  /// The same without what the engine keeps for itself.
  public CatalogSnapshot withoutEngine() {
    return without(engine::contains);
  }

  private CatalogSnapshot without(Predicate<String> objectsThat) {
    SortedMap<String, String> rest = new TreeMap<>(objects);
    rest.keySet().removeIf(objectsThat);
    return new CatalogSnapshot(rest, engine);
  }

  /// The same where it does not matter in which order a table has its columns.
  public CatalogSnapshot withoutColumnOrder() {
    SortedMap<String, String> rest = new TreeMap<>(objects);
    rest.replaceAll((object, definition) ->
        object.startsWith("column ") ? definition.replaceFirst("^#\\d+ ", "") : definition);
    return new CatalogSnapshot(rest, engine);
  }

  /// One line per object: its kind and name, then its definition.
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    objects.forEach(
        (object, definition) -> text.append(object).append(": ").append(definition).append('\n'));
    return text.toString();
  }

  /// How `actual` differs from this snapshot, in the order of the objects' names, without
  /// extensions that only `actual` has: those belong to the database.
  public List<Difference> drift(CatalogSnapshot actual) {
    return differences(actual).stream()
        .filter(d -> d.kind() != Difference.Kind.EXTRA || !d.object().startsWith("extension "))
        .toList();
  }

  /// Every difference between this snapshot and `actual`, in the order of the objects' names.
  public List<Difference> differences(CatalogSnapshot actual) {
    SortedSet<String> names = new TreeSet<>(objects.keySet());
    names.addAll(actual.objects.keySet());
    List<Difference> differences = new ArrayList<>();
    for (String name : names) {
      String expected = objects.get(name);
      String found = actual.objects.get(name);
      if (found == null) {
        differences.add(new Difference(Difference.Kind.MISSING, name, expected, null));
      } else if (expected == null) {
        differences.add(new Difference(Difference.Kind.EXTRA, name, null, found));
      } else if (!expected.equals(found)) {
        differences.add(new Difference(Difference.Kind.CHANGED, name, expected, found));
      }
    }
    return List.copyOf(differences);
  }
}

package dev.sheaf.schema;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// One object of the live schema that is not what the changelogs make.
///
/// @param kind how it differs
/// @param object its kind and name, such as `index public.chunk_search_idx`
/// @param expected its definition by the changelogs; `null` when they know no such object
/// @param actual its definition in the database; `null` when it is not there
@Schema(name = "Difference")
public record Difference(
    Kind kind, String object, @Nullable String expected, @Nullable String actual) {

  /// How an object differs.
  @Schema(name = "DifferenceKind")
  public enum Kind {
    /// The changelogs make it, and it is not there.
    @JsonProperty("missing")
    MISSING,
    /// It is there, and no changelog makes it.
    @JsonProperty("extra")
    EXTRA,
    /// It is there, and otherwise.
    @JsonProperty("changed")
    CHANGED
  }

  /// What differs, in the order of the objects' names. Extensions that the changelogs don't ask for
  /// are the database's own business.
  static List<Difference> between(CatalogSnapshot expected, CatalogSnapshot actual) {
    return all(expected, actual).stream()
        .filter(d -> d.kind() != Kind.EXTRA || !d.object().startsWith("extension "))
        .toList();
  }

  /// Every difference, in the order of the objects' names.
  static List<Difference> all(CatalogSnapshot expected, CatalogSnapshot actual) {
    SortedMap<String, String> wanted = expected.objects();
    SortedMap<String, String> found = actual.objects();
    SortedSet<String> names = new TreeSet<>(wanted.keySet());
    names.addAll(found.keySet());
    List<Difference> differences = new ArrayList<>();
    for (String name : names) {
      String is = found.get(name);
      String should = wanted.get(name);
      if (is == null) {
        differences.add(new Difference(Kind.MISSING, name, should, null));
      } else if (should == null) {
        differences.add(new Difference(Kind.EXTRA, name, null, is));
      } else if (!should.equals(is)) {
        differences.add(new Difference(Kind.CHANGED, name, should, is));
      }
    }
    return List.copyOf(differences);
  }
}

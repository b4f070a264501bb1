package dev.sheaf.migration.proof;

import dev.sheaf.migration.catalog.CatalogSnapshot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The instances of all object templates, such that of many that differ only in their ids, one has
/// to be built.
///
/// Instances belong together if they have an id in common: a parameter whose name ends with `_id`,
/// such as the collection of a space. Several sets of instances that are alike are built once, with
/// ids that occur nowhere else, so that in the text of the objects they can be replaced by those of
/// each set.
final class AlikeInstances {

  private static final String ID_SUFFIX = "_id";

  /// Stand-ins have 13 digits. With it, the longest name of an object still has at most 63 bytes.
  private static final long FIRST_STAND_IN = 9_876_500_000_000L;

  private static final Pattern STAND_IN = Pattern.compile("98765\\d{8}");

  private final List<Instance> toBuild = new ArrayList<>();

  /// By stand-in: for each set of instances for which it was built, the ids by stand-in.
  private final Map<String, List<Map<String, String>>> idsByStandIn = new HashMap<>();

  private long nextStandIn = FIRST_STAND_IN;

  record Instance(String template, Map<String, Object> parameters) {}

  private record Id(String parameter, long value) {}

  /// @param instances the parameters of the instances of each template, in the order in which they
  ///   can be built
  AlikeInstances(Map<String, List<Map<String, Object>>> instances) {
    Map<List<String>, List<Component>> byShape = new LinkedHashMap<>();
    for (Component component : components(instances)) {
      byShape.computeIfAbsent(component.shape(), _ -> new ArrayList<>()).add(component);
    }
    byShape.values().forEach(this::add);
  }

  private void add(List<Component> alike) {
    Component first = alike.getFirst();
    if (alike.size() == 1 || first.ids.isEmpty()) {
      alike.forEach(component -> toBuild.addAll(component.instances));
      return;
    }
    List<String> standIns = new ArrayList<>();
    Map<Id, Long> mapping = new HashMap<>();
    for (Id id : first.orderedIds()) {
      standIns.add(Long.toString(nextStandIn));
      mapping.put(id, nextStandIn++);
    }
    first.instances.forEach(instance -> toBuild.add(replaced(instance, mapping)));
    List<Map<String, String>> idsOfAll = new ArrayList<>();
    for (Component component : alike) {
      Map<String, String> ids = new HashMap<>();
      List<Id> ordered = component.orderedIds();
      for (int i = 0; i < ordered.size(); i++) {
        ids.put(standIns.get(i), Long.toString(ordered.get(i).value()));
      }
      idsOfAll.add(ids);
    }
    standIns.forEach(standIn -> idsByStandIn.put(standIn, idsOfAll));
  }

  /// The instances to build, in this order.
  List<Instance> toBuild() {
    return List.copyOf(toBuild);
  }

  /// The schema with all instances.
  ///
  /// @param built the schema with those of [#toBuild]
  CatalogSnapshot complete(CatalogSnapshot built) {
    SortedMap<String, String> objects = new TreeMap<>();
    built
        .objects()
        .forEach((object, definition) -> {
          Matcher standIn = STAND_IN.matcher(object);
          List<Map<String, String>> idsOfAll =
              standIn.find() ? idsByStandIn.get(standIn.group()) : null;
          if (idsOfAll == null) {
            objects.put(object, definition);
            return;
          }
          for (Map<String, String> ids : idsOfAll) {
            objects.put(withIds(object, ids), withIds(definition, ids));
          }
        });
    return new CatalogSnapshot(objects, built.engine());
  }

  private static String withIds(String text, Map<String, String> ids) {
    return STAND_IN
        .matcher(text)
        .replaceAll(match -> ids.getOrDefault(match.group(), match.group()));
  }

  /// The instance with other ids. In texts, which may contain the name of an object, an id follows
  /// an underscore.
  private static Instance replaced(Instance instance, Map<Id, ?> mapping) {
    Map<String, Object> parameters = new LinkedHashMap<>(instance.parameters());
    for (Id id : ids(instance)) {
      Object other = mapping.get(id);
      parameters.replaceAll((name, value) ->
          name.equals(id.parameter())
              ? other
              : value instanceof String text
                  ? text.replaceAll("_" + id.value() + "(?!\\d)", "_" + other)
                  : value);
    }
    return new Instance(instance.template(), parameters);
  }

  private static List<Id> ids(Instance instance) {
    List<Id> ids = new ArrayList<>();
    instance
        .parameters()
        .forEach((name, value) -> {
          if (name.endsWith(ID_SUFFIX) && value instanceof Number number) {
            ids.add(new Id(name, number.longValue()));
          }
        });
    return ids;
  }

  /// Instances that belong together.
  private static final class Component {
    private final List<Instance> instances = new ArrayList<>();
    private final SortedMap<String, SortedSet<Long>> ids = new TreeMap<>();

    void add(Instance instance) {
      instances.add(instance);
      ids(instance).forEach(this::add);
    }

    private void add(Id id) {
      ids.computeIfAbsent(id.parameter(), _ -> new TreeSet<>()).add(id.value());
    }

    List<Id> orderedIds() {
      return ids.entrySet().stream()
          .flatMap(entry -> entry.getValue().stream().map(value -> new Id(entry.getKey(), value)))
          .toList();
    }

    /// The same for all that differ only in their ids.
    List<String> shape() {
      Map<Id, String> places = new HashMap<>();
      for (Id id : orderedIds()) {
        places.put(id, "#" + places.size());
      }
      return instances.stream()
          .map(instance -> replaced(instance, places))
          .map(Instance::toString)
          .sorted()
          .toList();
    }
  }

  private static Collection<Component> components(
      Map<String, List<Map<String, Object>>> instancesByTemplate) {
    Set<Component> components = new LinkedHashSet<>();
    Map<Id, Component> byId = new HashMap<>();
    instancesByTemplate.forEach((template, instances) -> {
      for (Map<String, Object> parameters : instances) {
        var instance = new Instance(template, parameters);
        List<Id> ids = ids(instance);
        Set<Component> met =
            ids.stream()
                .filter(byId::containsKey)
                .map(byId::get)
                .collect(Collectors.toCollection(HashSet::new));
        Component own = met.isEmpty() ? new Component() : met.iterator().next();
        components.add(own);
        for (Component other : met) {
          if (other != own) {
            components.remove(other);
            other.instances.forEach(own::add);
            other.orderedIds().forEach(id -> byId.put(id, own));
          }
        }
        own.add(instance);
        ids.forEach(id -> byId.put(id, own));
      }
    });
    return components;
  }
}

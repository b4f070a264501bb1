package dev.sheaf.migration.changelog;

import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The modules there are, and those that are on, each after the ones it requires.
///
/// @param known every directory of changelogs, in alphabetical order
/// @param enabled those that are migrated, in the order in which they are
public record Modules(List<String> known, List<String> enabled) {

  /// The module that everything else stands on.
  public static final String CORE = "core";

  /// The modules of the changelogs, in the order in which they are migrated.
  ///
  /// @throws OperatorException when a module is switched on that does not exist, or one that
  ///   another requires is switched off
  public static Modules of(Changelogs changelogs, ModulesConfig config) {
    List<String> known = List.copyOf(changelogs.files().keySet());
    Set<String> wanted = byDefault(changelogs);
    config
        .modules()
        .forEach((name, module) -> {
          if (module.enabled()) {
            wanted.add(name);
          } else {
            wanted.remove(name);
          }
        });
    wanted.add(CORE);
    for (String module : wanted) {
      if (!known.contains(module)) {
        throw new OperatorException(
            "no changelogs for module " + module + " in " + changelogs.origin(),
            module.equals(CORE)
                ? "every database begins with " + CORE
                : "there are: "
                    + String.join(", ", known)
                    + "; "
                    + ModulesConfig.switchOf(module)
                    + "=false turns it off");
      }
    }
    return new Modules(known, ordered(changelogs, wanted));
  }

  /// Every module that is on unless it is switched off, all of them on.
  public static Modules everything(Changelogs changelogs) {
    return new Modules(
        List.copyOf(changelogs.files().keySet()), ordered(changelogs, byDefault(changelogs)));
  }

  /// Every module there is, in the order in which they are migrated.
  public static List<String> inOrder(Changelogs changelogs) {
    return ordered(changelogs, new TreeSet<>(changelogs.files().keySet()));
  }

  private static Set<String> byDefault(Changelogs changelogs) {
    Set<String> on = new TreeSet<>(changelogs.files().keySet());
    on.removeIf(module -> isOptIn(changelogs, module));
    return on;
  }

  /// Whether `module` is off unless it is switched on, as its first file says.
  public static boolean isOptIn(Changelogs changelogs, String module) {
    return firstFile(changelogs, module).filter(file -> file.optIn() != null).isPresent();
  }

  /// What `module` says it requires, in its first file.
  public static List<String> requires(Changelogs changelogs, String module) {
    return firstFile(changelogs, module).map(Directives::requires).orElse(List.of());
  }

  private static Optional<Directives> firstFile(Changelogs changelogs, String module) {
    return changelogs.files().getOrDefault(module, List.of()).stream()
        .findFirst()
        .map(file -> Changeset.of(file).directives());
  }

  private static List<String> ordered(Changelogs changelogs, Set<String> wanted) {
    Set<String> ordered = new LinkedHashSet<>();
    if (wanted.contains(CORE)) {
      ordered.add(CORE);
    }
    for (String module : wanted) {
      order(changelogs, module, wanted, ordered, new ArrayList<>());
    }
    return List.copyOf(ordered);
  }

  private static void order(
      Changelogs changelogs,
      String module,
      Set<String> wanted,
      Set<String> ordered,
      List<String> path) {
    if (ordered.contains(module)) {
      return;
    }
    if (path.contains(module)) {
      throw new OperatorException(
          "modules require each other: " + String.join(" -> ", path) + " -> " + module,
          "one of them has to stand alone");
    }
    path.add(module);
    for (String required : requires(changelogs, module)) {
      if (!wanted.contains(required)) {
        throw new OperatorException(
            "module " + module + " requires module " + required + ", which is off",
            "set " + ModulesConfig.switchOf(required) + "=true");
      }
      order(changelogs, required, wanted, ordered, path);
    }
    path.removeLast();
    ordered.add(module);
  }

  /// Rejects a module that is unknown or switched off.
  ///
  /// @throws OperatorException when `module` is not enabled
  public void requireEnabled(String module) {
    if (!known.contains(module)) {
      throw new OperatorException(
          "there is no module " + module, "there are: " + String.join(", ", known));
    }
    if (!enabled.contains(module)) {
      throw new OperatorException(
          "module " + module + " is off", "set " + ModulesConfig.switchOf(module) + "=true");
    }
  }
}

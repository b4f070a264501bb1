package dev.sheaf.http;

import io.quarkus.resteasy.reactive.server.runtime.ResteasyReactiveRecorder;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.server.core.Deployment;
import org.jboss.resteasy.reactive.server.mapping.RuntimeResource;
import org.jboss.resteasy.reactive.server.util.RuntimeResourceVisitor;
import org.jspecify.annotations.Nullable;

/// The paths of the API, and what each of them accepts, over all resource classes. Quarkus REST
/// considers one class at a time, so its own answers to a wrong method know only a part.
@ApplicationScoped
class Routes {

  /// Built on first use, because the resources are deployed after the beans are created.
  private volatile @Nullable List<Route> routes;

  /// One path.
  ///
  /// @param segments of its template
  /// @param operations by HTTP method
  record Route(List<String> segments, Map<String, RuntimeResource> operations) {

    private boolean matches(List<String> path) {
      if (path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        if (!isParameter(segments.get(i)) && !segments.get(i).equals(path.get(i))) {
          return false;
        }
      }
      return true;
    }

    /// Placeholders match anything, so a path with fewer of them is more specific.
    private long placeholders() {
      return segments.stream().filter(Route::isParameter).count();
    }

    private static boolean isParameter(String segment) {
      return segment.startsWith("{");
    }

    /// All methods of the path, as the header `Allow` lists them.
    Set<String> methods() {
      var methods = new TreeSet<String>(operations.keySet());
      methods.add(HttpMethod.OPTIONS);
      if (operations.containsKey(HttpMethod.GET)) {
        methods.add(HttpMethod.HEAD);
      }
      return methods;
    }

    /// The media types of bodies that a method accepts.
    String consumes(String method) {
      RuntimeResource operation = operations.get(method);
      return types(operation == null ? null : operation.getConsumes());
    }

    /// The media types of the answers of a method.
    String produces(String method) {
      RuntimeResource operation =
          operations.get(method.equals(HttpMethod.HEAD) ? HttpMethod.GET : method);
      return types(
          operation == null || operation.getProduces() == null
              ? null
              : List.of(operation.getProduces().getSortedOriginalMediaTypes()));
    }

    private static String types(@Nullable List<MediaType> types) {
      return types == null || types.isEmpty()
          ? MediaType.APPLICATION_JSON
          : types.stream()
              .map(type -> type.getType() + "/" + type.getSubtype())
              .distinct()
              .collect(Collectors.joining(" or "));
    }
  }

  /// The route that a request addresses; `null` if the API has no such path.
  @Nullable Route of(RoutingContext call) {
    List<String> path = segments(Objects.requireNonNullElse(call.request().path(), ""));
    Route best = null;
    for (Route route : routes()) {
      if (route.matches(path) && (best == null || route.placeholders() < best.placeholders())) {
        best = route;
      }
    }
    return best;
  }

  private List<Route> routes() {
    List<Route> known = routes;
    if (known == null) {
      known = deployed(ResteasyReactiveRecorder.getCurrentDeployment());
      routes = known;
    }
    return known;
  }

  private static List<Route> deployed(Deployment deployment) {
    var operations = new TreeMap<String, Map<String, RuntimeResource>>();
    RuntimeResourceVisitor.visitRuntimeResources(
        deployment.getPrefix(),
        deployment.getClassMappers(),
        new RuntimeResourceVisitor() {
          @Override
          public void visitRuntimeResource(
              String method, String path, RuntimeResource runtimeResource) {
            operations
                .computeIfAbsent(String.join("/", segments(path)), _ -> new TreeMap<>())
                .put(method, runtimeResource);
          }
        });
    var routes = new ArrayList<Route>();
    operations.forEach((path, methods) -> routes.add(new Route(segments(path), methods)));
    return List.copyOf(routes);
  }

  /// The segments of a path. A slash at its end is ignored, as Quarkus REST does.
  private static List<String> segments(String path) {
    return Stream.of(path.split("/", -1)).filter(segment -> !segment.isEmpty()).toList();
  }
}

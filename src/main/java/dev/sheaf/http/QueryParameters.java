package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/// Rejects query parameters that the operation does not have. A misspelled filter would otherwise
/// return everything.
final class QueryParameters {

  private final Map<Method, List<String>> known = new ConcurrentHashMap<>();

  @ServerRequestFilter
  void check(ContainerRequestContext request, ResourceInfo resource) {
    Map<String, List<String>> sent = request.getUriInfo().getQueryParameters();
    if (sent.isEmpty()) {
      return;
    }
    List<String> names =
        known.computeIfAbsent(resource.getResourceMethod(), QueryParameters::names);
    for (String name : sent.keySet()) {
      if (!names.contains(name)) {
        throw Problem.parameter(name, "Unknown query parameter " + name + "." + hint(name, names));
      }
    }
  }

  private static List<String> names(Method method) {
    return Stream.of(method.getParameters())
        .filter(parameter -> parameter.isAnnotationPresent(RestQuery.class))
        .map(QueryParameters::name)
        .sorted()
        .toList();
  }

  private static String name(Parameter parameter) {
    String name = parameter.getAnnotation(RestQuery.class).value();
    return name.isEmpty() ? parameter.getName() : name;
  }

  private static String hint(String name, List<String> names) {
    if (names.isEmpty()) {
      return " This operation has no query parameters.";
    }
    return SimilarName.nearest(name, names)
            .map(nearest -> " Did you mean " + nearest + "?")
            .orElse("")
        + " The query parameters are "
        + String.join(", ", names)
        + ".";
  }
}

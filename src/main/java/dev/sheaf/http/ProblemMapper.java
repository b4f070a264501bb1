package dev.sheaf.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.sheaf.database.DatabaseFailure;
import dev.sheaf.database.ReadOnlyMode;
import dev.sheaf.database.ReadOnlyWatch;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.OperatorException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jspecify.annotations.Nullable;

/// Maps every exception to a problem.
public final class ProblemMapper {

  private static final Logger LOG = Logger.getLogger(ProblemMapper.class);

  /// Knows the names of constants in JSON.
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Routes routes;
  private final CurrentVertxRequest request;
  private final ReadOnlyWatch readOnly;

  ProblemMapper(Routes routes, CurrentVertxRequest request, ReadOnlyWatch readOnly) {
    this.routes = routes;
    this.request = request;
    this.readOnly = readOnly;
  }

  // Jackson and Quarkus have their own mappers for some exceptions. A mapper of a more specific
  // class takes precedence, so these classes are listed here too.
  @ServerExceptionMapper({
    AuthenticationFailedException.class,
    UnauthorizedException.class,
    ForbiddenException.class,
    MismatchedInputException.class,
    NotFoundException.class,
    WebApplicationException.class,
    Throwable.class
  })
  Response map(Throwable failure) {
    Optional<ReadOnlyMode> mode = readOnly.mode().filter(known -> known.reason() != null);
    if (mode.isPresent() && DatabaseFailure.behind(failure) == DatabaseFailure.READ_ONLY) {
      // It was logged when it began.
      return ProblemDocument.render(
          new Problem(
              ProblemType.DATABASE_READ_ONLY,
              "PostgreSQL accepts no writes now: "
                  + sentence(mode.get().sentence())
                  + " Searches work. Retry the write later."));
    }
    RoutingContext call = request.getCurrent();
    return failure instanceof WebApplicationException web && call != null
        ? render(web, call)
        : ProblemDocument.render(problem(failure));
  }

  /// Quarkus REST throws these exceptions before it calls a resource. They know the status only.
  private Response render(WebApplicationException failure, RoutingContext call) {
    Routes.Route route = routes.of(call);
    String method = call.request().method().name();
    int status = failure.getResponse().getStatus();
    if (route == null || (status != 404 && status != 405 && status != 406 && status != 415)) {
      return ProblemDocument.render(problem(failure));
    }
    // A path parameter that cannot be parsed is also a 404.
    if (!route.methods().contains(method)) {
      String allowed = String.join(", ", route.methods());
      return Response.fromResponse(
              ProblemDocument.render(
                  new Problem(
                      ProblemType.METHOD_NOT_ALLOWED,
                      "This path does not support " + method + ". It supports " + allowed + ".")))
          .header(HttpHeaders.ALLOW, allowed)
          .build();
    }
    return ProblemDocument.render(
        switch (status) {
          case 406 ->
              new Problem(
                  ProblemType.NOT_ACCEPTABLE,
                  "The response is available as "
                      + route.produces(method)
                      + ". Send this in Accept, or omit Accept.");
          case 415 ->
              new Problem(
                  ProblemType.UNSUPPORTED_MEDIA_TYPE,
                  "Send Content-Type: " + route.consumes(method) + ".");
          default -> problem(failure);
        });
  }

  /// The problem that describes a failure to the client. Unexpected failures are logged here.
  public static Problem problem(Throwable failure) {
    String path = "";
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case Problem problem -> {
          return path.isEmpty() ? problem : problem.at(path);
        }
        case UnauthorizedException _ -> {
          return new Problem(
              ProblemType.UNAUTHENTICATED,
              "Send an API key in the header Authorization: Bearer sheaf_<id>_<secret>.");
        }
        case ForbiddenException _ -> {
          return new Problem(
              ProblemType.FORBIDDEN,
              "The caller's role does not allow this operation. /q/openapi lists the required roles.");
        }
        case OperatorException operator -> {
          return new Problem(
              ProblemType.SCHEMA_UNAVAILABLE,
              (sentence(operator.problem()) + " " + sentence(operator.hint())).strip());
        }
        case JsonMappingException json when json.getCause() instanceof Problem -> path = path(json);
        case JacksonException json when isAboutBody(json) -> {
          return bodyProblem(json);
        }
        case CharConversionException encoding -> {
          return new Problem(ProblemType.MALFORMED_JSON, "The body is not valid UTF-8.");
        }
        default -> {}
      }
    }
    DatabaseFailure outage = DatabaseFailure.behind(failure);
    if (outage != null) {
      LOG.warnf("Database unavailable: failure=%s reason=%s", outage, failure.getMessage());
      return databaseProblem(outage);
    }
    // Only request and response bodies are read and written here. The client may have closed the
    // connection, or stopped sending.
    if (failure instanceof IOException) {
      LOG.debugf("Body incomplete: reason=%s", failure.getMessage());
      return new Problem(
          ProblemType.BODY_BROKEN_OFF,
          "The body ended early: the connection was closed or timed out, or the gzip data is damaged."
              + " Send the request again.");
    }
    if (failure instanceof AuthenticationFailedException) {
      return new Problem(
          ProblemType.UNAUTHENTICATED, "The token is not valid or has expired. Get a new one.");
    }
    if (failure instanceof WebApplicationException web && web.getResponse().getStatus() < 500) {
      return httpProblem(web.getResponse().getStatus());
    }
    LOG.error("Request failed", failure);
    return new Problem(
        ProblemType.INTERNAL,
        "The cause is in the service's log, under the X-Request-Id of this response.");
  }

  private static String sentence(String text) {
    return text.isEmpty() || text.endsWith(".") ? text : text + ".";
  }

  /// A [Problem] that a record's constructor throws arrives wrapped in an exception of Jackson's.
  private static boolean isAboutBody(JacksonException json) {
    return !(json.getCause() instanceof Problem);
  }

  private static Problem bodyProblem(JacksonException json) {
    return switch (json) {
      case UnrecognizedPropertyException unknown -> unknownField(unknown);
      case MismatchedInputException mismatch when !mismatch.getPath().isEmpty() ->
          Problem.field(
              path(mismatch), path(mismatch) + " must be " + kind(expectedType(mismatch)) + ".");
      // A number that is too large for the type of its field.
      case JsonMappingException mapping
          when mapping.getCause() instanceof InputCoercionException coercion ->
          Problem.field(
              path(mapping), path(mapping) + " must be " + kind(coercion.getTargetType()) + ".");
      case MismatchedInputException trailing when isTrailingToken(trailing) ->
          new Problem(
              ProblemType.MALFORMED_JSON,
              "The body must be one JSON value, with nothing after it.");
      case MismatchedInputException mismatch ->
          new Problem(
              ProblemType.MALFORMED_JSON,
              "The body must be " + kind(mismatch.getTargetType()) + ".");
      default -> new Problem(ProblemType.MALFORMED_JSON, JsonErrorMessage.of(json));
    };
  }

  private static Problem unknownField(UnrecognizedPropertyException unknown) {
    String name = unknown.getPropertyName();
    List<String> known =
        unknown.getKnownPropertyIds().stream().map(String::valueOf).sorted().toList();
    return Problem.field(
        path(unknown),
        "Unknown field "
            + name
            + "."
            + SimilarName.nearest(name, known)
                .map(nearest -> " Did you mean " + nearest + "?")
                .orElse("")
            + " Known fields: "
            + String.join(", ", known)
            + ".");
  }

  private static boolean isTrailingToken(MismatchedInputException mismatch) {
    return mismatch.getOriginalMessage().startsWith("Trailing token");
  }

  /// The type that the value at the end of the path must have. For an array, this is the type of
  /// its elements.
  private static @Nullable Class<?> expectedType(MismatchedInputException mismatch) {
    Class<?> type = mismatch.getTargetType();
    boolean element = mismatch.getPath().getLast().getFieldName() == null;
    return element && type != null && type.isArray() ? type.getComponentType() : type;
  }

  private static String kind(@Nullable Class<?> type) {
    if (type == null) {
      return "another type";
    }
    if (type == String.class) {
      return "a string";
    }
    if (type == Integer.class || type == int.class || type == long.class) {
      return "a whole number";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (type == float.class || type == Float.class || type == Double.class) {
      return "a number";
    }
    if (type.isArray() || List.class.isAssignableFrom(type)) {
      return "an array" + (type == float[].class ? " of numbers" : "");
    }
    if (type.isEnum()) {
      return "one of "
          + Arrays.stream(type.getEnumConstants())
              .map(constant -> JSON.valueToTree(constant).asText())
              .collect(Collectors.joining(", "));
    }
    return "an object";
  }

  private static String path(JsonMappingException exception) {
    var path = new StringBuilder();
    for (var reference : exception.getPath()) {
      if (reference.getFieldName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(reference.getFieldName());
      }
    }
    return path.toString();
  }

  private static Problem databaseProblem(DatabaseFailure outage) {
    return switch (outage) {
      case UNREACHABLE ->
          new Problem(
              ProblemType.DATABASE_UNAVAILABLE,
              "The connection to PostgreSQL failed. The request may or may not have taken effect."
                  + " Retry it.");
      case WORKER_UNREACHABLE ->
          new Problem(
              ProblemType.DATABASE_UNAVAILABLE,
              "A server of the Citus cluster cannot be reached, and has some of the documents. The"
                  + " request may or may not have taken effect. Retry it later.");
      case READ_ONLY ->
          new Problem(
              ProblemType.DATABASE_READ_ONLY,
              "PostgreSQL accepts no writes now: it is a standby, or default_transaction_read_only"
                  + " is on. Searches work. Retry the write later.");
      case FULL ->
          new Problem(
              ProblemType.DATABASE_FULL,
              "PostgreSQL has no disk space left. Searches that need no temporary file work. Retry the request when there is space.");
      case BUSY ->
          new Problem(
              ProblemType.OVERLOADED,
              "PostgreSQL did not complete the request in time, or other sessions hold its locks."
                  + " Nothing was changed. Retry later, or raise sheaf.database.timeout.");
    };
  }

  private static Problem httpProblem(int status) {
    return switch (status) {
      case 404 -> new Problem(ProblemType.NOT_FOUND, "/q/openapi lists all paths.");
      case 405 ->
          new Problem(
              ProblemType.METHOD_NOT_ALLOWED, "/q/openapi lists the methods of every path.");
      case 406 ->
          new Problem(
              ProblemType.NOT_ACCEPTABLE,
              "Responses are application/json. /q/openapi lists the other media types.");
      case 415 ->
          new Problem(
              ProblemType.UNSUPPORTED_MEDIA_TYPE,
              "Send Content-Type: application/json. /q/openapi lists the other media types.");
      default -> new Problem(ProblemType.INVALID_PARAMETER, "The request is malformed.");
    };
  }
}

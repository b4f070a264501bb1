package dev.sheaf.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.sheaf.database.DatabaseFailure;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import dev.sheaf.runtime.OperatorException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jspecify.annotations.Nullable;

/// The one place where a failure becomes an answer.
public final class ProblemMapper {

  private static final Logger LOG = Logger.getLogger(ProblemMapper.class);

  // Jackson's and the framework's own exceptions are named, because a more specific mapper of
  // theirs would win.
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
    return ProblemDocument.render(problem(failure));
  }

  /// What a client is told of a failure. What nobody expected is logged here.
  public static Problem problem(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case Problem problem -> {
          return problem;
        }
        case UnauthorizedException _ -> {
          return new Problem(
              ProblemType.UNAUTHENTICATED, "send a key: Authorization: Bearer sheaf_<id>_<secret>");
        }
        case ForbiddenException _ -> {
          return new Problem(
              ProblemType.FORBIDDEN,
              "the role of this key does not allow it; /q/openapi says which role does");
        }
        case OperatorException operator -> {
          return new Problem(
              ProblemType.SCHEMA_UNAVAILABLE,
              operator.problem() + (operator.hint().isEmpty() ? "" : "; " + operator.hint()));
        }
        case JacksonException json when isOfTheBody(json) -> {
          return body(json);
        }
        case CharConversionException encoding -> {
          return new Problem(ProblemType.MALFORMED_JSON, "the body is not UTF-8");
        }
        default -> {}
      }
    }
    DatabaseFailure outage = DatabaseFailure.behind(failure);
    if (outage != null) {
      LOG.warnf("Database unavailable: outage=%s reason=%s", outage, failure.getMessage());
      return database(outage);
    }
    // Nothing but bodies is read or written here, and their other ends may be gone, or stall.
    if (failure instanceof IOException broken) {
      return new Problem(ProblemType.BODY_BROKEN_OFF, "it broke off: " + broken.getMessage());
    }
    if (failure instanceof AuthenticationFailedException) {
      return new Problem(ProblemType.UNAUTHENTICATED, "this token is not accepted; get a new one");
    }
    if (failure instanceof WebApplicationException web && web.getResponse().getStatus() < 500) {
      return http(web.getResponse().getStatus());
    }
    LOG.error("Request failed", failure);
    return new Problem(ProblemType.INTERNAL, "the cause is in the service's log");
  }

  private static boolean isOfTheBody(JacksonException json) {
    // A Problem thrown by a record's constructor arrives wrapped in Jackson's exception, and speaks
    // for itself.
    return !(json.getCause() instanceof Problem);
  }

  private static Problem body(JacksonException json) {
    return switch (json) {
      case UnrecognizedPropertyException unknown ->
          Problem.field(
              path(unknown),
              "unknown field "
                  + path(unknown)
                  + "; known are "
                  + unknown.getKnownPropertyIds().stream()
                      .map(String::valueOf)
                      .sorted()
                      .collect(Collectors.joining(", ")));
      case MismatchedInputException mismatch when !mismatch.getPath().isEmpty() ->
          Problem.field(path(mismatch), path(mismatch) + " must be " + kind(type(mismatch)));
      // A number that does not fit into the type of its field.
      case JsonMappingException mapping
          when mapping.getCause() instanceof InputCoercionException coercion ->
          Problem.field(
              path(mapping), path(mapping) + " must be " + kind(coercion.getTargetType()));
      case MismatchedInputException mismatch ->
          new Problem(
              ProblemType.MALFORMED_JSON, "the body must be " + kind(mismatch.getTargetType()));
      default ->
          new Problem(ProblemType.MALFORMED_JSON, json.getOriginalMessage() + position(json));
    };
  }

  private static String position(JacksonException json) {
    var location = json.getLocation();
    return location == null
        ? ""
        : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
  }

  /// The type that the last part of the path should have had: of an array, that of its elements.
  private static @Nullable Class<?> type(MismatchedInputException mismatch) {
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
      return "one of " + List.of(type.getEnumConstants());
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

  private static Problem database(DatabaseFailure outage) {
    return switch (outage) {
      case UNREACHABLE ->
          new Problem(
              ProblemType.DATABASE_UNAVAILABLE,
              "it is not known whether this request took effect; try again");
      case READ_ONLY ->
          new Problem(
              ProblemType.DATABASE_READ_ONLY,
              "PostgreSQL is a standby, or default_transaction_read_only is on; searches go on, and writes when that is over");
      case FULL ->
          new Problem(
              ProblemType.DATABASE_FULL,
              "PostgreSQL has no room left on a disk; searches go on, and writes when there is room");
    };
  }

  private static Problem http(int status) {
    return switch (status) {
      case 404 -> new Problem(ProblemType.NOT_FOUND, "see /q/openapi for what there is");
      case 405 -> new Problem(ProblemType.METHOD_NOT_ALLOWED, "see /q/openapi for what it takes");
      case 406 -> new Problem(ProblemType.NOT_ACCEPTABLE, "responses are application/json");
      case 415 ->
          new Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send Content-Type: application/json");
      default -> new Problem(ProblemType.INVALID_PARAMETER, "the request is malformed");
    };
  }
}

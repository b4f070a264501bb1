package dev.sheaf.problem;

import java.util.Locale;

/// Every problem that a client can see. The list is closed: what is not here is a bug, logged once
/// and answered as [#INTERNAL].
public enum ProblemType {
  MALFORMED_JSON(400, "The body is not valid JSON"),
  BODY_BROKEN_OFF(400, "The body could not be read to its end"),
  INVALID_PARAMETER(400, "A parameter is not valid"),
  UNAUTHENTICATED(401, "It is not known who asks"),
  FORBIDDEN(403, "The caller may not do this"),
  CONTROL_OFF(403, "This is not to be controlled over HTTP here"),
  NOT_FOUND(404, "There is nothing at this address"),
  COLLECTION_NOT_FOUND(404, "No such collection"),
  DOCUMENT_NOT_FOUND(404, "No such document"),
  BACKFILL_NOT_FOUND(404, "No such backfill"),
  JOB_NOT_FOUND(404, "No such job"),
  KEY_NOT_FOUND(404, "No such key"),
  MODULE_OFF(404, "This module is off"),
  METHOD_NOT_ALLOWED(405, "This address does not take this method"),
  NOT_ACCEPTABLE(406, "The response cannot be written as asked for"),
  COLLECTION_EXISTS(409, "A collection of this name exists"),
  INDEX_MISSING(409, "There is no index"),
  BACKFILL_STATE(409, "The backfill is in another state"),
  BUSY(409, "Something else is at work on this"),
  JOB_CANCELLED(409, "The job was cancelled"),
  BODY_TOO_LARGE(413, "The body is too large"),
  LINE_TOO_LONG(413, "The line is too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "The body is not JSON"),
  INVALID_FIELD(422, "A field is not valid"),
  WIDTH_MISMATCH(422, "The vector has the wrong width"),
  RECALL_OUT_OF_REACH(422, "The index cannot reach this recall"),
  TOO_MANY_REQUESTS(429, "Too many requests"),
  INTERNAL(500, "Something went wrong here"),
  DATABASE_UNAVAILABLE(503, "The database cannot be reached"),
  DATABASE_READ_ONLY(503, "The database takes no writes"),
  DATABASE_FULL(503, "The database has no room left"),
  SCHEMA_UNAVAILABLE(503, "The schema cannot be looked at"),
  MODEL_UNAVAILABLE(503, "The embedding model cannot be used"),
  OVERLOADED(503, "Too much is going on"),
  SEARCH_TIMEOUT(504, "The search took too long");

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /// The HTTP status code.
  public int status() {
    return status;
  }

  /// What is wrong, in words that do not change from one occurrence to the next.
  public String title() {
    return title;
  }

  /// The identifier of this type, stable across releases, as RFC 9457 asks for.
  public String uri() {
    return "urn:sheaf:problem:" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

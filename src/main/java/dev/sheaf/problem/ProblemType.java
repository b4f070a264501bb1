package dev.sheaf.problem;

import java.util.Locale;

/// Every problem that a client can see. The list is closed: any other failure is a bug, which is
/// logged once and answered with [#INTERNAL].
///
/// The name of a constant is part of the API, because [#uri] is derived from it.
public enum ProblemType {
  MALFORMED_JSON(400, "The body is not valid JSON"),
  BODY_BROKEN_OFF(400, "The request body is incomplete"),
  INVALID_PARAMETER(400, "A parameter is not valid"),
  UNAUTHENTICATED(401, "Authentication required"),
  FORBIDDEN(403, "Permission denied"),
  CONTROL_OFF(403, "Control over HTTP is off"),
  NOT_FOUND(404, "No such path"),
  COLLECTION_NOT_FOUND(404, "No such collection"),
  DOCUMENT_NOT_FOUND(404, "No such document"),
  BACKFILL_NOT_FOUND(404, "No such backfill"),
  JOB_NOT_FOUND(404, "No such job"),
  KEY_NOT_FOUND(404, "No such key"),
  MODEL_NOT_FOUND(404, "No such embedding model"),
  MODULE_OFF(404, "The module is off"),
  METHOD_NOT_ALLOWED(405, "Method not allowed"),
  NOT_ACCEPTABLE(406, "The requested media type is not available"),
  BODY_TOO_SLOW(408, "The request body arrives too slowly"),
  COLLECTION_EXISTS(409, "A collection with this name already exists"),
  TOO_MANY_COLLECTIONS(409, "The database server cannot hold another collection"),
  INDEX_MISSING(409, "The collection has no index"),
  BACKFILL_STATE(409, "The state of the backfill does not allow this"),
  DOCUMENT_SIMILAR(409, "A similar document exists"),
  BUSY(409, "The resource is in use"),
  JOB_STATE(409, "The state of the job does not allow this"),
  JOB_CANCELLED(409, "The job was cancelled"),
  PRECONDITION_FAILED(412, "The precondition is not met"),
  BODY_TOO_LARGE(413, "The body is too large"),
  LINE_TOO_LONG(413, "The line is too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
  INVALID_FIELD(422, "A field is not valid"),
  WIDTH_MISMATCH(422, "The vector has the wrong number of dimensions"),
  KEY_REUSED(422, "The Idempotency-Key belongs to another request"),
  RECALL_OUT_OF_REACH(422, "The index cannot reach this recall"),
  TOO_MANY_REQUESTS(429, "Too many requests"),
  INTERNAL(500, "Internal server error"),
  DATABASE_UNAVAILABLE(503, "The database is unavailable"),
  DATABASE_READ_ONLY(503, "The database is read-only"),
  DATABASE_FULL(503, "The database has no disk space left"),
  SCHEMA_UNAVAILABLE(503, "The schema cannot be inspected"),
  MODEL_UNAVAILABLE(503, "The embedding model is unavailable"),
  OVERLOADED(503, "The service is overloaded"),
  SEARCH_TIMEOUT(504, "The search timed out");

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  public int status() {
    return status;
  }

  /// A summary that is the same for every problem of this type.
  public String title() {
    return title;
  }

  /// The identifier of this type, stable across releases, as RFC 9457 requires.
  public String uri() {
    return "urn:sheaf:problem:" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}

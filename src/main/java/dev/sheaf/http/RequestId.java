package dev.sheaf.http;

import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/// The identifier of a request in the log, in the audit trail and in the response.
public final class RequestId {

  static final String HEADER = "X-Request-Id";

  /// Its key in log lines.
  public static final String LOGGED = "requestId";

  /// An ID that can be logged without escaping.
  private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");

  private RequestId() {}

  /// The ID that the client or a proxy sent in `X-Request-Id`; a random UUID if there is none or it
  /// is not well formed. Each call returns the same ID for the same request.
  public static String of(RoutingContext call) {
    String id = call.get(HEADER);
    if (id == null) {
      String sent = call.request().getHeader(HEADER);
      id =
          sent != null && WELL_FORMED.matcher(sent).matches() ? sent : UUID.randomUUID().toString();
      call.put(HEADER, id);
    }
    return id;
  }
}

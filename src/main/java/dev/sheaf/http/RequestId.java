package dev.sheaf.http;

import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/// What a request is called in logs and records.
public final class RequestId {

  static final String HEADER = "X-Request-Id";

  /// Its key in lines of the log.
  public static final String LOGGED = "requestId";

  /// What may stand in a line of a log as it is.
  private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");

  private RequestId() {}

  /// The client's own name for it, or the proxy's; of a request that brings none, a random one, the
  /// same each time it is asked for.
  public static String of(RoutingContext call) {
    String known = call.get(HEADER);
    if (known == null) {
      String given = call.request().getHeader(HEADER);
      known =
          given != null && WELL_FORMED.matcher(given).matches()
              ? given
              : UUID.randomUUID().toString();
      call.put(HEADER, known);
    }
    return known;
  }
}

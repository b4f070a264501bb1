package dev.sheaf.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;

/// Responses that fail after a part of them is written. Their clients must not take them for
/// complete responses.
public final class PartialResponses {

  private PartialResponses() {}

  /// Breaks off a response whose head is written: resets its stream of HTTP/2, or closes its
  /// connection and waits until it is closed, which an event loop must not do. Does nothing before
  /// the head is written, so that the client gets a problem.
  ///
  /// Quarkus would reset the response, write the problem after the part, and complete it. Over
  /// HTTP/1.1, Vert.x would then close the connection only after what is written is sent, which can
  /// include the end, and would not call the end handlers of the request, for which a graceful
  /// shutdown waits.
  public static void breakOff(RoutingContext call) {
    if (!call.response().headWritten() || call.response().ended()) {
      return;
    }
    HttpConnection connection = call.request().connection();
    if (call.request().version() != HttpVersion.HTTP_2
        && connection instanceof ConnectionBase base) {
      // Closing the channel from its end would wait until everything is sent.
      ChannelHandlerContext first = base.channel().pipeline().firstContext();
      if (first != null) {
        var _ = first.close();
      }
      base.closeFuture().toCompletionStage().toCompletableFuture().join();
    } else {
      // Without a code it is NO_ERROR, after which curl takes the part for a complete response.
      call.response().reset(Http2Error.INTERNAL_ERROR.code());
    }
  }
}

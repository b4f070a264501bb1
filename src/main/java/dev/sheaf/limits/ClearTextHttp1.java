package dev.sheaf.limits;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/// Accepts HTTP/2 over TLS only. Over plain TCP, a client may upgrade a request to HTTP/2, and the
/// server would collect its body before anything can limit it.
@Singleton
final class ClearTextHttp1 implements HttpServerOptionsCustomizer {

  @Override
  public void customizeHttpServer(HttpServerOptions options) {
    options.setHttp2ClearTextEnabled(false);
  }
}

package dev.sheaf.access;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/// A minimal identity provider for a resource server: discovery, keys, signed tokens and
/// introspection.
public final class OidcProvider implements QuarkusTestResourceLifecycleManager {

  private static final String PRIVATE_KEY = "test.oidc.private-key";
  private static final String URL = "quarkus.oidc.auth-server-url";

  private @Nullable HttpServer server;

  @Override
  public Map<String, String> start() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      KeyPair keys = generator.generateKeyPair();
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      String url = "http://127.0.0.1:" + server.getAddress().getPort();
      server.createContext(
          "/.well-known/openid-configuration",
          call ->
              answer(
                  call,
                  """
                  {"issuer": "%1$s", "jwks_uri": "%1$s/jwks", "token_endpoint": "%1$s/token",
                   "introspection_endpoint": "%1$s/introspect"}
                  """
                      .formatted(url)));
      server.createContext(
          "/introspect",
          call ->
              answer(
                  call,
                  """
                  {"active": true, "username": "mallory", "aud": "sheaf", "scope": "reader admin operator"}
                  """));
      RSAPublicKey shown = (RSAPublicKey) keys.getPublic();
      server.createContext(
          "/jwks",
          call ->
              answer(
                  call,
                  """
                  {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "test", "n": "%s", "e": "%s"}]}
                  """
                      .formatted(number(shown.getModulus()), number(shown.getPublicExponent()))));
      server.start();
      return Map.of(
          URL,
          url,
          PRIVATE_KEY,
          Base64.getEncoder().encodeToString(keys.getPrivate().getEncoded()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  private static void answer(HttpExchange call, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    call.getResponseHeaders().add("Content-Type", "application/json");
    call.sendResponseHeaders(200, body.length);
    try (OutputStream out = call.getResponseBody()) {
      out.write(body);
    }
  }

  /// A token of this provider that is valid for one minute.
  ///
  /// @param claims additional claims, as the members of a JSON object
  static String token(String name, String claims) throws GeneralSecurityException {
    long now = Instant.now().getEpochSecond();
    String content =
        base64url("{\"alg\": \"RS256\", \"typ\": \"JWT\", \"kid\": \"test\"}")
            + "."
            + base64url(
                """
                {"iss": "%s", "sub": "%s", "aud": "sheaf", "iat": %s, "exp": %s, %s}
                """
                    .formatted(setting(URL), name, now, now + 60, claims));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(
        KeyFactory.getInstance("RSA")
            .generatePrivate(
                new PKCS8EncodedKeySpec(Base64.getDecoder().decode(setting(PRIVATE_KEY)))));
    signature.update(content.getBytes(StandardCharsets.US_ASCII));
    return content + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
  }

  static String issuer() {
    return setting(URL);
  }

  private static String setting(String name) {
    return ConfigProvider.getConfig().getValue(name, String.class);
  }

  private static String base64url(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String number(BigInteger number) {
    byte[] bytes = number.toByteArray();
    int first = bytes[0] == 0 ? 1 : 0;
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(java.util.Arrays.copyOfRange(bytes, first, bytes.length));
  }
}

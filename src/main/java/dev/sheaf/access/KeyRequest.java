package dev.sheaf.access;

import io.quarkus.security.identity.request.BaseAuthenticationRequest;

/// The request to authenticate a key.
final class KeyRequest extends BaseAuthenticationRequest {

  private final KeyToken key;

  KeyRequest(KeyToken key) {
    this.key = key;
  }

  KeyToken key() {
    return key;
  }
}

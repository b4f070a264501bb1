package dev.sheaf.access;

import io.quarkus.security.identity.request.BaseAuthenticationRequest;

/// The request to authenticate a key.
final class KeyRequest extends BaseAuthenticationRequest {

  private final Key key;

  KeyRequest(Key key) {
    this.key = key;
  }

  Key key() {
    return key;
  }
}

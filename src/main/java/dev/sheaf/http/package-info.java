/// What all resources share: problem rendering, strict JSON, body limits, request IDs, roles, the
/// caller.
@NullMarked
package dev.sheaf.http;

import org.jspecify.annotations.NullMarked;

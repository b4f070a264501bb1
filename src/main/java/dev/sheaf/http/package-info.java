/// What all resources share: problem rendering, strict JSON, body limits, request names, roles, the
/// caller.
@NullMarked
package dev.sheaf.http;

import org.jspecify.annotations.NullMarked;

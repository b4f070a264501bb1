/// The engine inside the service: gate, readiness, meters, resources. The only part with CDI and
/// JAX-RS.
@NullMarked
package dev.sheaf.migration.service;

import org.jspecify.annotations.NullMarked;

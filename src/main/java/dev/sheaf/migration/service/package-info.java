/// The engine inside the service: start-up check, readiness, meters, HTTP resources. Only this
/// package of the engine uses CDI and JAX-RS.
@NullMarked
package dev.sheaf.migration.service;

import org.jspecify.annotations.NullMarked;

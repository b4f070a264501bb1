/// Test support: databases, processes, containers and clients.
@NullMarked
package dev.sheaf.testing;

import org.jspecify.annotations.NullMarked;

/// The closed list of what a client can be told. Pure: it depends on nothing.
@NullMarked
package dev.sheaf.problem;

import org.jspecify.annotations.NullMarked;

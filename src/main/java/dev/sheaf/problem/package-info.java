/// The closed list of problems that a client can see. It depends on no other package.
@NullMarked
package dev.sheaf.problem;

import org.jspecify.annotations.NullMarked;

/// How much of the service one kind of work, or one caller, may take.
@NullMarked
package dev.sheaf.limits;

import org.jspecify.annotations.NullMarked;

/// What tests share: databases of their own.
@NullMarked
package dev.sheaf.testing;

import org.jspecify.annotations.NullMarked;

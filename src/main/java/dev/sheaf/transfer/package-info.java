/// Documents from files to a running service and back, over HTTP.
@NullMarked
package dev.sheaf.transfer;

import org.jspecify.annotations.NullMarked;

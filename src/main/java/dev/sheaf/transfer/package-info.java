/// Imports documents from files into a running service, and exports them, over HTTP.
@NullMarked
package dev.sheaf.transfer;

import org.jspecify.annotations.NullMarked;

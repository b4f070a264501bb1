/// Commands, one thin class per verb. A command parses its arguments, calls the same facade as the
/// HTTP resources, and prints: data to stdout, messages to stderr.
@NullMarked
package dev.sheaf.cli;

import org.jspecify.annotations.NullMarked;

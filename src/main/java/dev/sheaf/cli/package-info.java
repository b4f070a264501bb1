/// Commands: thin, one class per verb. They parse, call the same facades as the HTTP resources, and
/// print: data on stdout, words on stderr.
@NullMarked
package dev.sheaf.cli;

import org.jspecify.annotations.NullMarked;

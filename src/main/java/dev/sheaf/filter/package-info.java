/// Filters: parses a client's filter, and converts it to SQL.
@NullMarked
package dev.sheaf.filter;

import org.jspecify.annotations.NullMarked;

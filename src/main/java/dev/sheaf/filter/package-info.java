/// Which documents are meant: a client's filter, and what it is in SQL.
@NullMarked
package dev.sheaf.filter;

import org.jspecify.annotations.NullMarked;

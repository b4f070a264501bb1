/// The words of a text, found by Lucene's analyzers, and the tsvector that contains them.
@NullMarked
package dev.sheaf.analysis;

import org.jspecify.annotations.NullMarked;

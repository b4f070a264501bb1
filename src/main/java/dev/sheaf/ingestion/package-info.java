/// Loading many documents.
@NullMarked
package dev.sheaf.ingestion;

import org.jspecify.annotations.NullMarked;

/// Collections: create, describe, change and drop a collection with its embedding space and its
/// partitions.
@NullMarked
package dev.sheaf.collection;

import org.jspecify.annotations.NullMarked;

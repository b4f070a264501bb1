/// A collection, its embedding spaces and its partitions: create, describe, drop.
@NullMarked
package dev.sheaf.collection;

import org.jspecify.annotations.NullMarked;

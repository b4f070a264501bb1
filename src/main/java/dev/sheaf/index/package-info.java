/// The whole life of an index: building, replacing, field indexes, measured recall, tuning,
/// progress.
@NullMarked
package dev.sheaf.index;

import org.jspecify.annotations.NullMarked;

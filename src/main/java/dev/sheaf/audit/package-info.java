/// The audit trail: who did what. Written in the transaction of the change, never modified, read by
/// administrators.
@NullMarked
package dev.sheaf.audit;

import org.jspecify.annotations.NullMarked;

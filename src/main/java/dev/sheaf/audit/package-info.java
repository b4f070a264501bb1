/// Who did what: written beside what it records, never changed, read by admins.
@NullMarked
package dev.sheaf.audit;

import org.jspecify.annotations.NullMarked;

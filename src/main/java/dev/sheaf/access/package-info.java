/// Access control: API keys, tokens of an identity provider, roles.
@NullMarked
package dev.sheaf.access;

import org.jspecify.annotations.NullMarked;

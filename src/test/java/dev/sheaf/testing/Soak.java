package dev.sheaf.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/// Marks tests that take long because they kill, crash or load something again and again, in a
/// class with others. `make soak` runs them, and `make it` if it is given the name of the class,
/// but not `make test`. A class of such tests is named `*Soak` instead.
@Documented
@Tag("soak")
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Soak {}

package dev.sheaf.http;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The method reads its body as a stream and bounds what it holds of it by itself, so that
/// `sheaf.http.max-body-size` does not apply.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Streamed {}

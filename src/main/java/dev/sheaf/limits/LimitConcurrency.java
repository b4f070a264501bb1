package dev.sheaf.limits;

import jakarta.enterprise.util.Nonbinding;
import jakarta.interceptor.InterceptorBinding;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Limits how many calls of a method run concurrently, by its [WorkKind]. Further calls wait up to
/// `sheaf.limits.queue-for`, then they are rejected with 503 and `Retry-After`. If the first
/// parameter of the method is a `String`, it is the name of the collection, whose share of the
/// calls is limited.
@InterceptorBinding
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface LimitConcurrency {

  @Nonbinding
  WorkKind value() default WorkKind.SEARCH;
}

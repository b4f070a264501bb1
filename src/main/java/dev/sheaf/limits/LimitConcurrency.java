package dev.sheaf.limits;

import jakarta.enterprise.util.Nonbinding;
import jakarta.interceptor.InterceptorBinding;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// As many calls of a method at once as there are places for its kind of [WorkKind]. Others wait
/// for a moment; then they are refused with 503 and `Retry-After`.
@InterceptorBinding
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface LimitConcurrency {

  @Nonbinding
  WorkKind value() default WorkKind.SEARCH;
}

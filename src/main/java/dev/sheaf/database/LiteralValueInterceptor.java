package dev.sheaf.database;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.Expressions;
import io.smallrye.config.Priorities;
import jakarta.annotation.Priority;
import org.jspecify.annotations.Nullable;

/// Takes the values of [DatabaseUrlConfigSourceFactory] literally. SmallRye Config would expand
/// expressions in them, and a password may contain `${`.
@Priority(Priorities.LIBRARY + 1000)
public final class LiteralValueInterceptor implements ConfigSourceInterceptor {

  @Override
  public @Nullable ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
    if (name.startsWith("quarkus.datasource.")) {
      ConfigValue literal = Expressions.withoutExpansion(() -> context.proceed(name));
      if (literal != null
          && DatabaseUrlConfigSourceFactory.SOURCE.equals(literal.getConfigSourceName())) {
        return literal;
      }
    }
    return context.proceed(name);
  }
}

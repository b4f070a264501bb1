package dev.sheaf.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// Gives a test a [TestDatabase] of its own, at head, wherever it asks for one as a parameter: in a
/// test method or `@BeforeEach` one per method, in `@BeforeAll` or the constructor of a class with
/// one instance one per class. It is dropped when that method or class is done.
///
/// ```java
/// @ExtendWith(DatabaseExtension.class)
/// class SomethingIT {
///   @Test
///   void works(TestDatabase database) throws SQLException { ... }
/// }
/// ```
public final class DatabaseExtension implements ParameterResolver {

  private static final Namespace NAMESPACE = Namespace.create(DatabaseExtension.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == TestDatabase.class;
  }

  @Override
  public TestDatabase resolveParameter(ParameterContext parameter, ExtensionContext context) {
    // The store closes what it holds when its method, or class, is done.
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(context.getUniqueId(), _ -> TestDatabase.migrated(), TestDatabase.class);
  }
}

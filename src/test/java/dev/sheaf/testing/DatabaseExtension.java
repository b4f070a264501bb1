package dev.sheaf.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// Injects a new [TestDatabase] with the current schema as a parameter: one per method for test
/// methods and `@BeforeEach`, one per class for `@BeforeAll` and for the constructor of a class
/// with one instance. It is dropped after that method or class.
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
    // The store closes its values after the method or class.
    return context
        .getStore(NAMESPACE)
        .computeIfAbsent(context.getUniqueId(), _ -> TestDatabase.migrated(), TestDatabase.class);
  }
}

package dev.sheaf.migration.execute;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sheaf.migration.changelog.Changelogs;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectTemplatesTest {

  private final ObjectTemplates templates = new ObjectTemplates(Changelogs.bundled());

  @ParameterizedTest
  @ValueSource(strings = {"1; DROP TABLE document", "1'", "\"x\"", "1 -- ", "$$", "1\n2", "/*", ""})
  void aValueThatIsNotSafeIsRefused(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> templates.apply(untouched(), "collection", Map.of("collection_id", value)))
        .withMessageContaining("not safe in SQL");
  }

  @Test
  void aMissingParameterIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> templates.apply(untouched(), "collection", Map.of()))
        .withMessage("template collection needs the parameter collection_id");
  }

  @Test
  void anUnknownParameterIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> templates.apply(untouched(), "collection", Map.of("collection_id", 1, "x", 2)))
        .withMessage("template collection has no parameter x");
  }

  @Test
  void anUnknownTemplateIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> templates.apply(untouched(), "nothing", Map.of()))
        .withMessage(
            "no template nothing; there are [collection, field_date_index, field_number_index,"
                + " field_text_index, metadata_index, space, space_index, space_index_rebuild,"
                + " space_index_swap]");
  }

  @Test
  void aFractionIsNoParameter() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> templates.apply(untouched(), "collection", Map.of("collection_id", 1.5)));
  }

  /// A connection that must not be sent anything.
  private static Connection untouched() {
    return proxy(Connection.class, Statement.class);
  }

  private static Connection proxy(Class<Connection> connection, Class<Statement> statement) {
    Object silent =
        Proxy.newProxyInstance(
            statement.getClassLoader(),
            new Class<?>[] {statement},
            (_, method, _) -> {
              if (method.getName().equals("execute")) {
                throw new AssertionError("something was sent");
              }
              return null;
            });
    return connection.cast(
        Proxy.newProxyInstance(
            statement.getClassLoader(),
            new Class<?>[] {connection},
            (_, method, _) -> method.getName().equals("createStatement") ? silent : null));
  }
}

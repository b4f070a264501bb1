package dev.sheaf.mongodb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.migration.changelog.Modules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MongoIndexFilesTest {

  private static final Modules MODULES =
      new Modules(List.of("access", "core", "fulltext"), List.of("core", "fulltext"));

  @TempDir Path root;

  @Test
  void joinsTheIndexesOfEnabledModules() throws IOException {
    write("core", "orders", "orders_core");
    write("fulltext", "orders", "b", "orders_fulltext");
    write("access", "keys", "keys_hash");

    MongoIndexFiles files = MongoIndexFiles.in(root, MODULES);

    assertThat(files.wanted()).hasSize(1);
    assertThat(files.wanted().getFirst().indexes())
        .extracting(MongoIndex::name)
        .containsExactly("orders_core", "orders_fulltext");
    assertThat(files.knows("keys", "keys_hash")).isTrue();
    assertThat(files.knows("keys", "orders_core")).isFalse();
  }

  @Test
  void refusesOneNameInTwoModules() throws IOException {
    write("core", "orders", "by_customer");
    write("fulltext", "orders", "by_customer");

    assertThatThrownBy(() -> MongoIndexFiles.in(root, MODULES))
        .hasMessage(
            "%s/fulltext/indexes.json: collection orders, index by_customer: %s/core/indexes.json has one of that name - begin the name with the module's"
                .formatted(root, root));
  }

  @Test
  void refusesOneIndexUnderTwoNames() throws IOException {
    write("core", "orders", "by_customer");
    write("fulltext", "orders", "fulltext_customer");

    assertThatThrownBy(() -> MongoIndexFiles.in(root, MODULES))
        .hasMessage(
            "%s/fulltext/indexes.json: collection orders, index fulltext_customer is the same as by_customer in %s/core/indexes.json - one of them is enough, and MongoDB takes no more"
                .formatted(root, root));
  }

  @Test
  void refusesADirectoryThatIsNoModule() throws IOException {
    write("fultext", "orders", "i");

    assertThatThrownBy(() -> MongoIndexFiles.in(root, MODULES))
        .hasMessage(
            "%s/fultext: there is no such module - there are: access, core, fulltext"
                .formatted(root));
  }

  @Test
  void takesNoFilesAtAll() {
    assertThat(MongoIndexFiles.in(root, MODULES).wanted()).isEmpty();
    assertThat(MongoIndexFiles.bundled(MODULES).origin()).isEqualTo("db/mongodb");
  }

  private void write(String module, String collection, String index) throws IOException {
    write(module, collection, "a", index);
  }

  private void write(String module, String collection, String key, String index)
      throws IOException {
    Files.createDirectories(root.resolve(module));
    Files.writeString(
        root.resolve(module).resolve("indexes.json"),
        """
        {"collections": [{"name": "%s", "indexes": [{"keys": {"%s": 1}, "options": {"name": "%s"}}]}]}
        """
            .formatted(collection, key, index));
  }
}

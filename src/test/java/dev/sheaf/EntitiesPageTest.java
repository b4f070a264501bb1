package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Compiles the Java of `docs/entities.md` and of README. [DevModeSoak] runs the former.
class EntitiesPageTest {

  @TempDir Path directory;

  @Test
  void theTutorialCompiles() throws IOException {
    var files = new ArrayList<Path>();
    Path document = Path.of("src/main/java/dev/sheaf/document/Document.java");
    Files.createDirectories(directory.resolve(document).getParent());
    Files.createDirectories(directory.resolve("src/test/java/dev/sheaf/document"));
    Files.copy(document, directory.resolve(document));
    for (Tutorial.Step step : Tutorial.steps()) {
      if (step.file() == null) {
        Path example = directory.resolve("Example.java");
        Files.writeString(
            example,
            """
            package dev.sheaf.document;

            import dev.sheaf.embedding.Space;
            import dev.sheaf.filter.Filter;
            import java.util.List;
            import java.util.UUID;

            class Example {
              static List<Neighbor> near(Space space, float[] vector, Filter recent, UUID documentId) {
                %s
                return near;
              }
            }
            """
                .formatted(step.code()));
        files.add(example);
      } else {
        files.add(step.apply(directory));
      }
    }
    for (Tutorial.Step step : Tutorial.steps(Path.of("README.md"))) {
      files.add(
          Files.writeString(
              directory.resolve("ReadmeExample.java"),
              """
              package dev.sheaf.document;

              import dev.sheaf.collection.DocumentCollection;
              import dev.sheaf.filter.Filter;
              import jakarta.transaction.Transactional;
              import java.util.List;

              class ReadmeExample {
                %s
              }
              """
                  .formatted(step.code())));
    }
    assertThat(files).hasSize(6);

    var messages = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var manager = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  manager,
                  null,
                  List.of(
                      "-proc:none",
                      "-parameters",
                      "-d",
                      Files.createDirectory(directory.resolve("classes")).toString(),
                      "-classpath",
                      System.getProperty("java.class.path")),
                  null,
                  manager.getJavaFileObjectsFromPaths(List.copyOf(new LinkedHashSet<>(files))))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
  }
}

package dev.sheaf.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportSourcesTest {

  @TempDir Path home;

  private static List<String> names(List<String> exclude, Path argument) {
    return new ImportSources(List.of(), exclude)
        .uploads(List.of(argument.toString()), InputStream.nullInputStream()).stream()
            .map(Upload::name)
            .toList();
  }

  @Test
  void aLinkOutOfTheDirectoryIsRejected() throws IOException {
    Path secret = Files.writeString(home.resolve("secret.txt"), "secret");
    Path docs = Files.createDirectories(home.resolve("docs/deep"));
    Files.writeString(docs.resolve("a.txt"), "a");
    for (String name : List.of("b.txt", "b.ndjson")) {
      Path link = Files.createSymbolicLink(docs.resolve(name), secret);

      assertThatThrownBy(() -> names(List.of(), home.resolve("docs")))
          .isInstanceOf(OperatorException.class)
          .hasMessageStartingWith(
              "%s is a symbolic link to a file outside of %s"
                  .formatted(link, home.resolve("docs")));
      assertThat(names(List.of("b.*"), home.resolve("docs")))
          .containsExactly(docs.resolve("a.txt").toString());
      Files.delete(link);
    }
  }

  /// The name of a directory may be the beginning of another one's.
  @Test
  void aLinkToASiblingDirectoryIsRejected() throws IOException {
    Path docs = Files.createDirectory(home.resolve("docs"));
    Path other = Files.createDirectory(home.resolve("docs-private"));
    Path file = Files.writeString(other.resolve("a.txt"), "a");
    Files.createSymbolicLink(docs.resolve("a.txt"), docs.relativize(file));

    assertThatThrownBy(() -> names(List.of(), docs)).hasMessageContaining("outside of " + docs);
  }

  @Test
  void aLinkWithinTheDirectoryIsFollowed() throws IOException {
    Path docs = Files.createDirectory(home.resolve("docs"));
    Path file = Files.writeString(docs.resolve("a.ndjson"), "{}");
    Path link = Files.createSymbolicLink(docs.resolve("b.ndjson"), file);

    assertThat(names(List.of(), docs)).containsExactly(file.toString(), link.toString());
  }

  /// The user has named the file.
  @Test
  void anArgumentMayBeALink() throws IOException {
    Path file = Files.writeString(home.resolve("a.ndjson"), "{}");
    Path link = Files.createSymbolicLink(home.resolve("b.ndjson"), file);

    assertThat(names(List.of(), link)).containsExactly(link.toString());
  }
}

package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Checks the links between the Markdown pages of the repository, and that every page is listed.
class DocsTest {

  private static final Path DOCS = Path.of("docs");
  private static final Path INDEX = DOCS.resolve("README.md");

  private static final Path LINT = DOCS.resolve("lint");
  private static final Path LINT_INDEX = DOCS.resolve("lint-rules.md");

  /// Directories with files that are not part of the repository.
  private static final Set<String> SKIPPED = Set.of("target", "node_modules", "results");

  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)\\s]+)\\)");
  private static final Pattern ABSOLUTE = Pattern.compile("[a-z]+:.*");
  private static final Pattern CODE_SPAN = Pattern.compile("(?s)`[^`]*`");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+)$");
  private static final Pattern NOT_IN_ANCHOR = Pattern.compile("[^\\p{L}\\p{N}_ -]");
  private static final Pattern FENCED = Pattern.compile("(?ms)^ *```.*?^ *```$");

  /// @param target as it is written, relative to the page
  private record Link(Path page, String target) {

    boolean isRelative() {
      return !ABSOLUTE.matcher(target).matches();
    }

    /// The file or directory that the link names.
    Path file() {
      String path = target.replaceFirst("#.*", "");
      return path.isEmpty() ? page : page.resolveSibling(path).normalize();
    }

    @Nullable String anchor() {
      int hash = target.indexOf('#');
      return hash < 0 ? null : target.substring(hash + 1);
    }

    boolean resolves() {
      String anchor = anchor();
      return Files.exists(file()) && (anchor == null || anchors(file()).contains(anchor));
    }

    @Override
    public String toString() {
      return page + " -> " + target;
    }
  }

  @Test
  void everyRelativeLinkResolves() throws IOException {
    List<Link> links = pages().stream().flatMap(DocsTest::links).filter(Link::isRelative).toList();

    assertThat(links).hasSizeGreaterThan(200);
    assertThat(links.stream().filter(link -> !link.resolves()))
        .as("links to a file or heading that does not exist")
        .isEmpty();
  }

  @Test
  void theIndexListsEveryPageOnce() throws IOException {
    assertThat(listed(INDEX).filter(page -> page.startsWith(DOCS)))
        .as("pages that " + INDEX + " lists")
        .containsExactlyInAnyOrderElementsOf(
            pages().stream()
                .filter(page -> page.startsWith(DOCS) && !page.startsWith(LINT))
                .filter(page -> !page.equals(INDEX))
                .toList());
  }

  @Test
  void theListOfLintRulesListsEveryRuleOnce() throws IOException {
    assertThat(listed(LINT_INDEX).filter(page -> page.startsWith(LINT)))
        .as("pages that " + LINT_INDEX + " lists")
        .containsExactlyInAnyOrderElementsOf(
            pages().stream().filter(page -> page.startsWith(LINT)).toList());
  }

  private static Stream<Path> listed(Path index) {
    return links(index).filter(Link::isRelative).map(Link::file).filter(DocsTest::isPage);
  }

  /// As GitHub derives it from a heading.
  @Test
  void anchorsAreThoseOfGitHub() {
    assertThat(
            anchorsIn(
                "# The HTTP API, `v1`\n\n## `bench/run`: 2,000 rows\n\n## Notes\n\n## Notes\n"))
        .containsExactly("benchrun-2000-rows", "notes", "notes-1", "the-http-api-v1");
  }

  @Test
  void codeHasNoLinksAndNoHeadings() {
    String page = "# Page\n\n`[a](b)` and\n\n```sh\n# comment\n[a](b)\n```\n\n[c](d#e)\n";

    assertThat(linksIn(INDEX, page)).containsExactly(new Link(INDEX, "d#e"));
    assertThat(anchorsIn(page)).containsExactly("page");
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    Path root = Path.of("");
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            String name = directory.getFileName().toString();
            boolean hidden = name.startsWith(".") && !name.equals(".github");
            return hidden || SKIPPED.contains(name)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (isPage(file)) {
              pages.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return pages;
  }

  private static boolean isPage(Path file) {
    return file.toString().endsWith(".md");
  }

  private static Stream<Link> links(Path page) {
    return linksIn(page, text(page));
  }

  private static Stream<Link> linksIn(Path page, String text) {
    String prose = CODE_SPAN.matcher(withoutFenced(text)).replaceAll("code");
    return LINK.matcher(prose).results().map(found -> new Link(page, found.group(1)));
  }

  private static Set<String> anchors(Path page) {
    return anchorsIn(text(page));
  }

  private static Set<String> anchorsIn(String text) {
    Set<String> anchors = new TreeSet<>();
    HEADING
        .matcher(withoutFenced(text))
        .results()
        .map(found -> anchor(found.group(1)))
        .forEach(anchor -> anchors.add(unused(anchor, anchors)));
    return anchors;
  }

  private static String anchor(String heading) {
    return NOT_IN_ANCHOR.matcher(heading.toLowerCase(Locale.ROOT)).replaceAll("").replace(' ', '-');
  }

  /// The second heading of the same text gets `-1`, the third `-2`.
  private static String unused(String anchor, Set<String> taken) {
    return Stream.iterate(0, number -> number + 1)
        .map(number -> number == 0 ? anchor : anchor + "-" + number)
        .filter(candidate -> !taken.contains(candidate))
        .findFirst()
        .orElseThrow();
  }

  private static String withoutFenced(String text) {
    return FENCED.matcher(text).replaceAll("");
  }

  private static String text(Path page) {
    try {
      return Files.readString(page);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

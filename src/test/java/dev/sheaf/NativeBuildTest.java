package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import dev.sheaf.testing.NativeBuild;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.SheafClasses;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the native executable is built with: resources, classes for native libraries, options.
class NativeBuildTest {

  /// The classes that open resources by name, and what they open beside the files of
  /// `src/main/resources`.
  private static final Set<String> OPENS_RESOURCES =
      Set.of(
          "dev.sheaf.cli.Common",
          "dev.sheaf.embedding.bundled.BgeSmall",
          "dev.sheaf.ingestion.SampleCorpus",
          "dev.sheaf.migration.changelog.Changelogs",
          "dev.sheaf.migration.proof.EntityClasses",
          "dev.sheaf.mongodb.MongoIndexFiles",
          "dev.sheaf.runtime.ProcessIdentity");

  private static final List<String> OF_LIBRARIES =
      List.of(
          "bge-small-en-v1.5-q.onnx",
          "bge-small-en-v1.5-q-tokenizer.json",
          "META-INF/services/org.apache.tika.detect.EncodingDetector",
          "org/apache/tika/parser/html/StandardCharsets_unsupported_by_IANA.txt",
          "org/apache/tika/parser/html/self-closeable-tags.txt");

  private static final Pattern JNI_NAME =
      Pattern.compile("(?<![!-~])(?:ai|java)/[A-Za-z0-9_/$]+(?=\\x00)");

  private static final Pattern CODE_IN_FIRST_CELL = Pattern.compile("(?m)^\\| `([^`]+)` \\|");

  @Test
  void everyResourceIsIncluded() throws IOException {
    Set<String> opened = new TreeSet<>(OF_LIBRARIES);
    for (String root : List.of("src/main/resources", "src/main/filtered")) {
      try (Stream<Path> files = Files.walk(Path.of(root))) {
        files
            .filter(Files::isRegularFile)
            .map(file -> Path.of(root).relativize(file).toString())
            // Quarkus and the build itself read these.
            .filter(name -> !name.startsWith("META-INF/"))
            .forEach(opened::add);
      }
    }
    List<PathMatcher> included = included();

    assertThat(opened)
        .allSatisfy(name -> {
          assertThat(getClass().getClassLoader().getResource(name)).as(name).isNotNull();
          assertThat(included).as(name).anyMatch(glob -> glob.matches(Path.of(name)));
        });
  }

  @Test
  void nothingElseOpensResources() {
    assertThat(
            SheafClasses.MAIN.stream()
                .filter(type ->
                    type.getCodeUnits().stream()
                        .flatMap(code -> code.getCallsFromSelf().stream())
                        .anyMatch(NativeBuildTest::opensResource))
                .map(JavaClass::getName)
                .collect(Collectors.toSet()))
        .as("A class that opens a resource: include the resource, then list the class")
        .isEqualTo(OPENS_RESOURCES);
  }

  private static boolean opensResource(JavaAccess<?> call) {
    return (call.getTargetOwner().isEquivalentTo(Class.class)
            || call.getTargetOwner().isAssignableTo(ClassLoader.class))
        && call.getTarget().getName().contains("etResource");
  }

  /// The classes that the library of ONNX Runtime names, on each processor that has an image.
  @Test
  void everyClassThatOnnxRuntimeNamesIsRegistered() throws IOException {
    for (String processor : List.of("x64", "aarch64")) {
      Set<String> named = new TreeSet<>();
      String library = "/ai/onnxruntime/native/linux-" + processor + "/libonnxruntime4j_jni.so";
      try (InputStream in = NativeBuildTest.class.getResourceAsStream(library)) {
        JNI_NAME
            .matcher(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
            .results()
            .forEach(name -> named.add(name.group().replace('/', '.')));
      }

      assertThat(NativeMetadata.jni()).as(processor).containsExactlyElementsOf(named);
    }
  }

  /// Tika creates them by the names in its services.
  @Test
  void everyDetectorOfTikaIsRegistered() throws IOException {
    Set<String> detectors = new TreeSet<>();
    for (URL service :
        Collections.list(getClass().getClassLoader().getResources(OF_LIBRARIES.get(2)))) {
      try (InputStream in = service.openStream()) {
        new String(in.readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .map(line -> line.replaceFirst("#.*", "").strip())
            .filter(line -> !line.isEmpty())
            .forEach(detectors::add);
      }
    }

    assertThat(detectors).hasSize(3);
    assertThat(NativeMetadata.reflection()).containsAll(detectors);
  }

  /// Finds the words of a text in each language and many scripts, with a class loader that notes
  /// what Lucene and ICU ask for.
  @Test
  void everythingThatTheAnalysisOfTextsOpensIsIncluded() throws Exception {
    Set<String> opened = new TreeSet<>();
    Set<String> byName = new TreeSet<>();
    var path = new ArrayList<URL>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      path.add(Path.of(entry).toUri().toURL());
    }
    try (var loader =
        new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader()) {
          @Override
          public URL getResource(String name) {
            URL found = super.getResource(name);
            if (found != null) {
              opened.add(name);
            }
            return found;
          }

          @Override
          protected Class<?> findClass(String name) throws ClassNotFoundException {
            Class<?> found = super.findClass(name);
            if (name.matches(
                "org\\.apache\\.lucene\\..*\\.[A-Za-z]+AttributeImpl|org\\.tartarus\\..*\\.ext\\..*")) {
              byName.add(name);
            }
            return found;
          }
        }) {
      Class<?> analyzer = loader.loadClass("dev.sheaf.analysis.TextAnalyzer");
      for (Object language : (List<?>) analyzer.getMethod("languages").invoke(null)) {
        Object found =
            ((Optional<?>) analyzer.getMethod("of", String.class).invoke(null, language))
                .orElseThrow();
        Consumer<Object> ignored = _ -> {};
        analyzer
            .getMethod("words", String.class, Consumer.class)
            .invoke(
                found,
                "HttpClients kitapları ไทย ພາສາ ភាសាខ្មែរ မြန်မာ 東京 ﾃﾞｰﾀ الكتب 😀 e\u0301 किताबें Βιβλία",
                ignored);
      }
    }
    List<PathMatcher> included = included();

    assertThat(opened).hasSizeGreaterThan(30);
    assertThat(opened)
        .allSatisfy(
            name -> assertThat(included).as(name).anyMatch(glob -> glob.matches(Path.of(name))));
    assertThat(byName).hasSizeGreaterThan(20);
    assertThat(NativeMetadata.reflection()).containsAll(byName);
  }

  private static List<PathMatcher> included() throws IOException {
    return NativeBuild.list("resources.includes").stream()
        .map(glob -> FileSystems.getDefault().getPathMatcher("glob:" + glob))
        .toList();
  }

  @Test
  void everyOptionHasItsReason() throws IOException {
    Set<String> reasons =
        CODE_IN_FIRST_CELL
            .matcher(Files.readString(Path.of("docs/adr/0025-native-executable.md")))
            .results()
            .map(option -> option.group(1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(NativeBuild.options()).containsExactlyElementsOf(reasons);
  }
}

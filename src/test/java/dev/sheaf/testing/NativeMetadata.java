package dev.sheaf.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.ser.SerializerCache;
import com.fasterxml.jackson.databind.util.LookupCache;
import com.fasterxml.jackson.databind.util.TypeKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a native executable knows of classes for reflection and for native libraries.
public final class NativeMetadata {

  public static final Path FILE =
      Path.of(
          "src/main/resources/META-INF/native-image/dev.sheaf/sheaf/reachability-metadata.json");

  private static final List<String> MEMBERS =
      List.of("allDeclaredConstructors", "allDeclaredMethods", "allDeclaredFields");

  private NativeMetadata() {}

  /// The names of the classes that are known with all their members, in order.
  public static Set<String> reflection() {
    return types(type ->
        !isForNativeCode(type) && MEMBERS.stream().allMatch(name -> type.path(name).asBoolean()));
  }

  /// The names of the classes that native libraries use.
  public static Set<String> jni() {
    return types(NativeMetadata::isForNativeCode);
  }

  /// Those of [#reflection()] that are not Sheaf's and that picocli does not use.
  public static Set<String> others() {
    return types(type ->
        !isForNativeCode(type)
            && !type.path("type").asText().matches("(dev\\.sheaf|picocli)\\..*"));
  }

  /// The names of Sheaf's own classes that a mapper has written so far and that are not known for
  /// reflection.
  public static Set<String> unknownTo(ObjectMapper mapper) throws ReflectiveOperationException {
    Field cache = SerializerProvider.class.getDeclaredField("_serializerCache");
    Field map = SerializerCache.class.getDeclaredField("_sharedMap");
    cache.setAccessible(true);
    map.setAccessible(true);
    Set<String> written = new TreeSet<>();
    ((LookupCache<?, ?>) map.get(cache.get(mapper.getSerializerProvider())))
        .contents((key, serializer) -> {
          // A serializer of Sheaf's own needs no reflection.
          if (!serializer.getClass().getName().startsWith("dev.sheaf.")) {
            written.add(className((TypeKey) key));
          }
        });
    if (written.isEmpty()) {
      throw new IllegalStateException("This mapper has written nothing");
    }
    Set<String> known = reflection();
    return written.stream()
        .filter(name -> name.startsWith("dev.sheaf.") && !known.contains(name))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String className(TypeKey key) {
    Class<?> type = key.getType() == null ? key.getRawType() : key.getType().getRawClass();
    return type.getName();
  }

  private static boolean isForNativeCode(JsonNode type) {
    return type.path("jniAccessible").asBoolean();
  }

  private static Set<String> types(Predicate<JsonNode> accepted) {
    Set<String> names = new TreeSet<>();
    for (JsonNode type : read().path("reflection")) {
      if (type.path("type").isTextual() && accepted.test(type)) {
        names.add(type.path("type").asText());
      }
    }
    return names;
  }

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(FILE.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Writes the file with other classes for reflection, one on each line, beside the build's other
  /// results.
  public static Path write(Set<String> reflection) throws IOException {
    Stream<String> named =
        reflection.stream()
            .map(name ->
                MEMBERS.stream()
                    .map("\"%s\": true"::formatted)
                    .collect(Collectors.joining(", ", "{\"type\": \"" + name + "\", ", "}")));
    Stream<String> rest =
        read()
            .path("reflection")
            .valueStream()
            .filter(type -> isForNativeCode(type) || !type.path("type").isTextual())
            .map(JsonNode::toString)
            .map(text -> text.replace(":", ": ").replace(",", ", "));
    Path written = Path.of("target", FILE.getFileName().toString());
    Files.createDirectories(written.getParent());
    return Files.writeString(
        written,
        Stream.concat(named, rest)
            .collect(Collectors.joining(",\n    ", "{\n  \"reflection\": [\n    ", "\n  ]\n}\n")));
  }
}

package dev.sheaf.mongodb;

import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The declarations of all modules.
///
/// @param origin the location of the files, for messages
/// @param wanted the declarations of enabled modules, in the order of the modules; a collection in
///   two of them has the indexes of both
/// @param known the declarations of disabled modules, which may have been enabled before
record MongoIndexFiles(
    String origin, List<MongoCollectionIndexes> wanted, List<MongoCollectionIndexes> known) {

  static final String LOCATION = "db/mongodb";
  private static final String FILE = "indexes.json";

  MongoIndexFiles {
    wanted = List.copyOf(wanted);
    known = List.copyOf(known);
  }

  /// The files in the application.
  static MongoIndexFiles bundled(Modules modules) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return read(
        modules,
        LOCATION,
        module -> {
          try (InputStream file =
              loader.getResourceAsStream("%s/%s/%s".formatted(LOCATION, module, FILE))) {
            return file == null ? null : file.readAllBytes();
          }
        });
  }

  /// The files in a directory with a subdirectory for each module.
  ///
  /// @throws OperatorException if a subdirectory is not a module; it would never be seeded
  static MongoIndexFiles in(Path root, Modules modules) {
    try (Stream<Path> entries = Files.isDirectory(root) ? Files.list(root) : Stream.empty()) {
      for (Path directory : entries.filter(Files::isDirectory).sorted().toList()) {
        if (!modules.known().contains(directory.getFileName().toString())) {
          throw new OperatorException(
              directory + ": there is no such module",
              "there are: " + String.join(", ", modules.known()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read(
        modules,
        root.toString(),
        module -> {
          Path file = root.resolve(module).resolve(FILE);
          return Files.exists(file) ? Files.readAllBytes(file) : null;
        });
  }

  private static MongoIndexFiles read(Modules modules, String origin, Reader reader) {
    List<MongoCollectionIndexes> wanted = new ArrayList<>();
    List<MongoCollectionIndexes> known = new ArrayList<>();
    for (String module : modules.enabled()) {
      wanted.addAll(read(origin, module, reader));
    }
    for (String module : modules.known()) {
      if (!modules.enabled().contains(module)) {
        known.addAll(read(origin, module, reader));
      }
    }
    return new MongoIndexFiles(origin, merged(wanted), known);
  }

  private static List<MongoCollectionIndexes> read(String origin, String module, Reader reader) {
    String path = "%s/%s/%s".formatted(origin, module, FILE);
    try {
      byte[] content = reader.read(module);
      if (content == null) {
        return List.of();
      }
      String json = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
      return MongoIndexFile.parse(path, json);
    } catch (CharacterCodingException e) {
      throw new OperatorException(path + " is not UTF-8", "", e);
    } catch (IOException e) {
      throw new OperatorException(path + " cannot be read", "", e);
    }
  }

  private static List<MongoCollectionIndexes> merged(List<MongoCollectionIndexes> all) {
    Map<String, MongoCollectionIndexes> merged = new LinkedHashMap<>();
    for (MongoCollectionIndexes collection : all) {
      merged.merge(collection.name(), collection, MongoIndexFiles::both);
    }
    merged.values().forEach(MongoIndexFiles::distinct);
    return List.copyOf(merged.values());
  }

  private static MongoCollectionIndexes both(
      MongoCollectionIndexes first, MongoCollectionIndexes second) {
    return new MongoCollectionIndexes(
        first.file(),
        first.name(),
        Stream.concat(first.indexes().stream(), second.indexes().stream()).toList());
  }

  /// Checks that the indexes of a collection differ in name and in definition.
  private static void distinct(MongoCollectionIndexes collection) {
    Map<String, MongoIndex> names = new HashMap<>();
    Map<MongoIndexDefinition, MongoIndex> definitions = new HashMap<>();
    for (MongoIndex index : collection.indexes()) {
      String where =
          "%s: collection %s, index %s".formatted(index.file(), collection.name(), index.name());
      MongoIndex other = names.put(index.name(), index);
      if (other != null) {
        throw new OperatorException(
            "%s: %s has one of that name".formatted(where, other.file()),
            "begin the name with the module's");
      }
      other = definitions.put(index.definition(null), index);
      if (other != null) {
        throw new OperatorException(
            "%s is the same as %s in %s".formatted(where, other.name(), other.file()),
            "one of them is enough, and MongoDB takes no more");
      }
    }
  }

  /// Whether a file of any module, enabled or not, declares an index of this name.
  boolean knows(String collection, String index) {
    return Stream.concat(wanted.stream(), known.stream())
        .filter(candidate -> candidate.name().equals(collection))
        .flatMap(candidate -> candidate.indexes().stream())
        .anyMatch(candidate -> candidate.name().equals(index));
  }

  private interface Reader {
    /// The content of the module's file; `null` if there is none.
    byte @Nullable [] read(String module) throws IOException;
  }
}

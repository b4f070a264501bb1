package dev.sheaf.migration.proof;

import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.runtime.OperatorException;
import jakarta.persistence.Converter;
import jakarta.persistence.Embeddable;
import jakarta.persistence.Entity;
import jakarta.persistence.MappedSuperclass;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jboss.jandex.DotName;
import org.jboss.jandex.Indexer;

/// The mapped classes of the application: entities, mapped superclasses, embeddables, converters.
public final class EntityClasses {

  private static final List<DotName> ANNOTATIONS =
      Stream.of(Entity.class, MappedSuperclass.class, Embeddable.class, Converter.class)
          .map(DotName::createSimple)
          .toList();

  private EntityClasses() {}

  /// The mapped classes in the application's artifact. They are loaded, but not initialized.
  public static List<Class<?>> bundled() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    URL marker = loader.getResource(Changelogs.LOCATION + "/root.yaml");
    if (marker == null) {
      throw new OperatorException(
          "the application contains no " + Changelogs.LOCATION, "rebuild it");
    }
    if (!Set.of("jar", "file").contains(marker.getProtocol())) {
      throw new OperatorException(
          "a native image contains no class files", "run the command in a checkout");
    }
    Indexer indexer = new Indexer();
    try {
      if (marker.openConnection() instanceof JarURLConnection jar) {
        indexArchive(indexer, Path.of(jar.getJarFileURL().toURI()));
      } else {
        Path location = Path.of(marker.toURI());
        indexDirectory(
            indexer, location.getRoot().resolve(location.subpath(0, location.getNameCount() - 3)));
      }
      List<Class<?>> classes = new ArrayList<>();
      var index = indexer.complete();
      for (DotName annotation : ANNOTATIONS) {
        for (var instance : index.getAnnotations(annotation)) {
          classes.add(Class.forName(instance.target().asClass().name().toString(), false, loader));
        }
      }
      return classes;
    } catch (URISyntaxException | ClassNotFoundException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void indexArchive(Indexer indexer, Path file) throws IOException {
    try (ZipFile archive = new ZipFile(file.toFile())) {
      for (ZipEntry entry : Collections.list(archive.entries())) {
        if (entry.getName().endsWith(".class")) {
          try (InputStream content = archive.getInputStream(entry)) {
            indexer.index(content);
          }
        }
      }
    }
  }

  private static void indexDirectory(Indexer indexer, Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
        try (InputStream content = Files.newInputStream(file)) {
          indexer.index(content);
        }
      }
    }
  }
}

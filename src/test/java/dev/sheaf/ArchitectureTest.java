package dev.sheaf;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.sheaf.migration.execute.ObjectTemplates;
import dev.sheaf.testing.SheafClasses;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What ARCHITECTURE.md says of packages, as failures of the build.
class ArchitectureTest {

  private static final JavaClasses SHEAF = SheafClasses.MAIN;

  @Test
  void packagesHaveNoCycles() {
    slices()
        .matching("dev.sheaf.(*)..")
        .should()
        .beFreeOfCycles()
        .because("a package that can be read alone can be changed alone")
        .check(SHEAF);
  }

  /// From the ground up; packages of one line do not know each other.
  private static final List<List<String>> MIGRATION =
      List.of(
          List.of(""),
          List.of("changelog"),
          List.of("history", "catalog"),
          List.of("execute"),
          List.of("scratch"),
          List.of("proof", "lint", "backfill"),
          List.of("engine"),
          List.of("service"));

  /// What serves clients; the engine serves all of these and knows none.
  private static final String[] FEATURES = {
    "dev.sheaf.access..",
    "dev.sheaf.audit..",
    "dev.sheaf.backup..",
    "dev.sheaf.cli..",
    "dev.sheaf.collection..",
    "dev.sheaf.document..",
    "dev.sheaf.embedding..",
    "dev.sheaf.filter..",
    "dev.sheaf.index..",
    "dev.sheaf.ingestion..",
    "dev.sheaf.limits..",
    "dev.sheaf.mongodb..",
    "dev.sheaf.search..",
    "dev.sheaf.transfer..",
  };

  /// There can be one application in a process, and other tests run concurrently. Reads the
  /// sources, because the import of all test classes takes seconds.
  @Test
  void testsOfTheApplicationRunOneAtATime() throws IOException {
    try (Stream<java.nio.file.Path> files = Files.walk(java.nio.file.Path.of("src/test/java"))) {
      assertThat(files.filter(ArchitectureTest::runsTheApplication))
          .isNotEmpty()
          .allSatisfy(file -> assertThat(file).content().contains("\n@InProcess\n"));
    }
  }

  private static boolean runsTheApplication(java.nio.file.Path file) {
    try {
      return file.toString().endsWith(".java")
          && Files.readString(file).contains("\n@QuarkusTest\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void problemsDependOnNothing() {
    classes()
        .that()
        .resideInAPackage("dev.sheaf.problem")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.sheaf.problem", "java..", "org.jspecify..")
        .because("every layer may report a problem, so problems belong below all layers")
        .check(SHEAF);
  }

  @Test
  void theEngineKnowsNoFeature() {
    noClasses()
        .that()
        .resideInAPackage("dev.sheaf.migration..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FEATURES)
        .because("the migration engine serves every module and any changelog")
        .check(SHEAF);
  }

  @TestFactory
  Stream<DynamicTest> theEngineIsLayered() {
    return IntStream.range(0, MIGRATION.size())
        .boxed()
        .flatMap(floor -> MIGRATION.get(floor).stream().map(name -> layer(name, MIGRATION, floor)));
  }

  private static DynamicTest layer(String name, List<List<String>> layers, int floor) {
    String[] above =
        IntStream.range(floor, layers.size())
            .mapToObj(layers::get)
            .flatMap(List::stream)
            .filter(other -> !other.equals(name))
            .map(other -> "dev.sheaf.migration." + other + "..")
            .toArray(String[]::new);
    return DynamicTest.dynamicTest(
        "migration" + (name.isEmpty() ? "" : "." + name),
        () ->
            noClasses()
                .that()
                .resideInAPackage("dev.sheaf.migration" + (name.isEmpty() ? "" : "." + name + ".."))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above)
                .because(
                    "the engine is read from the ground up: "
                        + layers.stream()
                            .map(layer -> String.join(", ", layer))
                            .collect(Collectors.joining(" <- ", "migration", "")))
                .allowEmptyShould(true)
                .check(SHEAF));
  }

  @Test
  void onlyTheEnginesServiceKnowsTheContainer() {
    noClasses()
        .that()
        .resideInAPackage("dev.sheaf.migration..")
        .and()
        .resideOutsideOfPackage("dev.sheaf.migration.service")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                    "jakarta.ws..", "jakarta.enterprise..", "jakarta.inject..", "io.quarkus..")
                .and(not(resideInAPackage("io.quarkus.runtime.configuration"))))
        .because("commands use the engine without a container, and tests without a mock of one")
        .check(SHEAF);
  }

  @Test
  void featuresUseTheEngineForObjectsThatComeAndGo() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.sheaf.access..",
            "dev.sheaf.audit..",
            "dev.sheaf.collection..",
            "dev.sheaf.document..",
            "dev.sheaf.embedding..",
            "dev.sheaf.filter..",
            "dev.sheaf.index..",
            "dev.sheaf.ingestion..",
            "dev.sheaf.limits..",
            "dev.sheaf.search..",
            "dev.sheaf.telemetry..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.sheaf.migration..").and(not(assignableTo(ObjectTemplates.class))))
        .because(
            "a feature creates its partitions and indexes from templates, and migrates nothing")
        .check(SHEAF);
  }

  @Test
  void searchTouchesNoHibernate() {
    noClasses()
        .that()
        .resideInAPackage("dev.sheaf.search..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.hibernate..", "jakarta.persistence..", "io.quarkus.hibernate..")
        .because(
            "a search takes one round trip with JDBC, and twice the time with entities: bench/README.md")
        .check(SHEAF);
  }

  @Test
  void resourcesStayInTheirPackages() {
    classes()
        .that()
        .areAnnotatedWith(Path.class)
        .should()
        .bePackagePrivate()
        .andShould()
        .haveSimpleNameEndingWith("Resource")
        .because("HTTP is one face of a feature; others call its facade")
        .check(SHEAF);
  }

  @Test
  void filesAreReadByCommandsAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.sheaf.cli..", "dev.sheaf.transfer..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.sheaf.transfer..", "org.apache.tika..", "org.apache.pdfbox..")
        .because("a PDF that a parser does not survive may cost a command, but not the service")
        .check(SHEAF);
  }

  @Test
  void transactionsAreEndedInOnePlace() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.sheaf.database.Transactions")
        .and()
        // Holds one open for as long as the snapshot is in use.
        .doNotHaveFullyQualifiedName("dev.sheaf.backup.SourceSnapshot")
        .should()
        .callMethod(Connection.class, "setAutoCommit", boolean.class)
        .orShould()
        .callMethod(Connection.class, "commit")
        .because("a transaction that is ended by hand commits half of its work after an Error")
        .check(SHEAF);
  }

  @Test
  void nobodyPrints() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sheaf.cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("a service speaks through its log, only commands speak to a terminal")
        .check(SHEAF);
  }

  /// Packages in which some nested types still have to be renamed.
  private static final String[] NOT_RENAMED_YET = {
    "dev.sheaf.migration.changelog..", "dev.sheaf.migration.scratch..", "dev.sheaf.mongodb..",
  };

  @Test
  void namesAreUnambiguous() throws IOException {
    classes()
        .that(not(resideInAnyPackage(NOT_RENAMED_YET)))
        .should(haveAnUnambiguousName())
        .because("a reader finds a type by its name, and an import of it hides no other type")
        .check(SHEAF);
  }

  private static ArchCondition<JavaClass> haveAnUnambiguousName() throws IOException {
    Set<String> javaUtil = publicTypesOfJavaUtil();
    Map<String, List<JavaClass>> topLevel =
        SHEAF.stream()
            .filter(type -> type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
            .collect(Collectors.groupingBy(JavaClass::getSimpleName));
    return new ArchCondition<>("have a simple name that no top-level type and java.util have") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        String name = type.getSimpleName();
        topLevel.getOrDefault(name, List.of()).stream()
            .filter(other -> !other.equals(type))
            .forEach(other -> report(type, "the same name as " + other.getName(), events));
        if (javaUtil.contains(name)) {
          report(type, "the same name as java.util." + name, events);
        }
      }

      private void report(JavaClass type, String problem, ConditionEvents events) {
        events.add(SimpleConditionEvent.violated(type, type.getName() + " has " + problem));
      }
    };
  }

  private static Set<String> publicTypesOfJavaUtil() throws IOException {
    var modules = FileSystems.getFileSystem(URI.create("jrt:/"));
    try (var files = Files.list(modules.getPath("modules/java.base/java/util"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".class") && !file.contains("$"))
          .map(file -> file.substring(0, file.length() - ".class".length()))
          .filter(ArchitectureTest::isPublicInJavaUtil)
          .collect(Collectors.toSet());
    }
  }

  private static boolean isPublicInJavaUtil(String name) {
    try {
      Class<?> type = Class.forName("java.util." + name, false, null);
      return Modifier.isPublic(type.getModifiers());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The files that write DDL because it is their subject, with the reason. No folder is left out.
  private static final Map<String, String> DDL =
      Map.ofEntries(
          Map.entry("migration/catalog/CatalogObjects", "renders the catalog as DDL"),
          Map.entry("migration/catalog/CatalogScript", "renders differences as DDL"),
          Map.entry("migration/execute/ConcurrentStep", "removes what a crash left"),
          Map.entry("migration/changelog/Changeset.java", "advises, in text"),
          Map.entry(
              "migration/history/EngineTables", "finds the engine's own tables in their file"),
          Map.entry("migration/history/History", "removes the engine's own tables"),
          Map.entry("migration/history/Trash", "empties the trash"),
          Map.entry("migration/lint/StatementObserver", "observes in a scratch database"),
          Map.entry("migration/proof/EntityComparison", "writes a changelog"),
          Map.entry("migration/proof/SchemaComparison", "writes a changelog"),
          Map.entry("migration/proof/Squash", "writes a changelog"),
          Map.entry("migration/scratch/ScratchDatabase", "prepares a scratch database"),
          Map.entry("migration/scratch/SampleRows", "gives a scratch table a partition"),
          Map.entry("migration/lint/rule/", "advises, in text"),
          Map.entry("database/SqlErrorMessage", "advises, in text"));

  @Test
  void ddlStandsInChangelogsAlone() throws IOException {
    var ddl =
        Pattern.compile(
            "\\b(CREATE|ALTER|DROP)\\s+(OR\\s+REPLACE\\s+)?(UNIQUE\\s+|UNLOGGED\\s+)?"
                + "(TABLE|INDEX|SCHEMA|EXTENSION|TYPE|VIEW|FUNCTION|TRIGGER|SEQUENCE)\\b");
    java.nio.file.Path sources = java.nio.file.Path.of("src/main/java/dev/sheaf");
    List<String> offenders;
    try (var files = Files.walk(sources)) {
      offenders =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> contains(file, ddl))
              .map(file -> sources.relativize(file).toString())
              .filter(file -> DDL.keySet().stream().noneMatch(file::startsWith))
              .toList();
    }
    assertThat(offenders)
        .as("every statement that changes the schema stands in db/changelog, with its rollback")
        .isEmpty();
  }

  private static boolean contains(java.nio.file.Path file, Pattern ddl) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> !line.strip().startsWith("//"))
          .anyMatch(line -> ddl.matcher(line).find());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}

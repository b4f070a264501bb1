package dev.sheaf;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What ARCHITECTURE.md says of packages, as failures of the build.
class ArchitectureTest {

  private static final JavaClasses SHEAF =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.sheaf");

  @Test
  void packagesHaveNoCycles() {
    slices()
        .matching("dev.sheaf.(*)..")
        .should()
        .beFreeOfCycles()
        .because("a package that can be read alone can be changed alone")
        .check(SHEAF);
  }

  @Test
  void schemaKnowsNoFeature() {
    noClasses()
        .that()
        .resideInAPackage("dev.sheaf.schema..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.sheaf.access..",
            "dev.sheaf.audit..",
            "dev.sheaf.collection..",
            "dev.sheaf.document..",
            "dev.sheaf.embedding..",
            "dev.sheaf.ingestion..",
            "dev.sheaf.search..")
        .because("the migration engine serves every module, and any changelog")
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
        .because("the hot query goes through plain JDBC with binary vectors")
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

  @Test
  void ddlStandsInChangelogsAlone() throws IOException {
    var ddl =
        Pattern.compile(
            "\\b(CREATE|ALTER|DROP)\\s+(OR\\s+REPLACE\\s+)?(UNIQUE\\s+|UNLOGGED\\s+)?"
                + "(TABLE|INDEX|SCHEMA|EXTENSION|TYPE|VIEW|FUNCTION|TRIGGER|SEQUENCE)\\b");
    List<String> offenders;
    try (var sources = Files.walk(java.nio.file.Path.of("src/main/java"))) {
      offenders =
          sources
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.toString().contains("/schema/"))
              .filter(file -> contains(file, ddl))
              .map(Object::toString)
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

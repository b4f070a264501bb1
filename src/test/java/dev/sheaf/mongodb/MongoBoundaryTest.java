package dev.sheaf.mongodb;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import dev.sheaf.testing.SheafClasses;
import org.junit.jupiter.api.Test;

class MongoBoundaryTest {

  private static final JavaClasses SHEAF = SheafClasses.MAIN;

  @Test
  void theDriverStaysHere() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sheaf.mongodb..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.mongodb..", "org.bson..")
        .because("a service without MongoDB loads nothing of it")
        .check(SHEAF);
  }

  @Test
  void nothingHereIsABean() {
    classes()
        .that()
        .resideInAPackage("dev.sheaf.mongodb..")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackages("jakarta..", "io.quarkus..", "org.eclipse.microprofile..")
        .because("a bean could connect when the service starts; a command asks for it by hand")
        .check(SHEAF);
  }
}

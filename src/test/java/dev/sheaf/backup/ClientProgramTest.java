package dev.sheaf.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.runtime.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientProgramTest {

  private static final String INSTALL =
      " - install the client programs of PostgreSQL 17: postgresql-client-17 (Debian, Ubuntu), postgresql17 (Red Hat)";

  @TempDir private Path directory;

  @Test
  void takesTheOldestThatWillDo() throws IOException {
    Path fifteen = program("15", "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)");
    Path eighteen = program("18", "pg_dump (PostgreSQL) 18beta1");
    Path seventeen = program("17", "pg_dump (PostgreSQL) 17.6");
    Path strange = program("strange", "something else");

    ClientProgram found =
        ClientProgram.find("pg_dump", 16, List.of(strange, fifteen, eighteen, seventeen));

    assertThat(found).isEqualTo(new ClientProgram(seventeen.resolve("pg_dump"), "17.6", 17));
    assertThat(ClientProgram.find("pg_dump", 18, List.of(eighteen)).version()).isEqualTo("18beta1");
  }

  @Test
  void saysWhatToInstallWhenThereIsNone() {
    assertThatThrownBy(() -> ClientProgram.find("pg_dump", 17, List.of(directory)))
        .isInstanceOf(OperatorException.class)
        .hasMessage("pg_dump is neither on PATH nor in /usr/lib/postgresql/*/bin" + INSTALL);
  }

  @Test
  void saysWhatToInstallWhenAllAreTooOld() throws IOException {
    Path fourteen = program("14", "pg_dump (PostgreSQL) 14.2");
    Path fifteen = program("15", "pg_dump (PostgreSQL) 15.18");

    assertThatThrownBy(() -> ClientProgram.find("pg_dump", 17, List.of(fifteen, fourteen)))
        .isInstanceOf(OperatorException.class)
        .hasMessage(
            "PostgreSQL 17 needs a pg_dump as new as itself, and "
                + fifteen.resolve("pg_dump")
                + " is 15.18"
                + INSTALL);
  }

  /// @return the directory of a `pg_dump` that answers `version`
  private Path program(String name, String version) throws IOException {
    Path bin = Files.createDirectory(directory.resolve(name));
    Files.createFile(
        bin.resolve("pg_dump"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Files.writeString(bin.resolve("pg_dump"), "#!/bin/sh\necho '" + version + "'\n");
    return bin;
  }
}

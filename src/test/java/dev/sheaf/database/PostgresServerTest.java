package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PostgresServerTest {

  @Test
  void buildsSeriallyUntilTheFixIsThere() {
    assertThat(withVector("0.8.0").buildsInParallel()).isFalse();
    assertThat(withVector("0.8.2").buildsInParallel()).isTrue();
    assertThat(withVector("0.10.0").buildsInParallel()).isTrue();
  }

  @Test
  void namesEachKnownFault() {
    assertThat(withVector("0.8.3").vectorRisks())
        .containsExactly(
            "pgvector 0.8.3: an HNSW graph can stay unrepaired after deletes; fixed in 0.8.4");
    assertThat(withVector("0.8.0").vectorRisks()).hasSize(3);
    assertThat(withVector("0.9").vectorRisks()).isEmpty();
  }

  @Test
  void aMissingExtensionNamesServerVersionAndPackage() {
    assertThat(
            PostgresServer.missingExtension(
                DatabaseAddress.parse("postgres://u:secret@db.example:6543/docs"),
                "17.6",
                17,
                "vector"))
        .hasMessage(
            "PostgreSQL 17.6 at db.example:6543, database docs, does not have the extension \"vector\" - install the"
                + " package postgresql-17-pgvector on that server (Debian, Ubuntu), or use an image that has it"
                + " (pgvector/pgvector:pg17)");
  }

  @Test
  void aMissingCitusNamesTheSetting() {
    assertThat(
            PostgresServer.missingExtension(
                DatabaseAddress.parse("postgres://u:secret@db.example:6543/docs"),
                "17.6",
                17,
                "citus"))
        .hasMessageEndingWith(
            "does not have the extension \"citus\" - install Citus on each server of the cluster, and"
                + " add it to shared_preload_libraries; or set sheaf.citus.enabled=false");
  }

  private static PostgresServer withVector(String version) {
    return new PostgresServer("17.6", 17, version, version);
  }
}

package dev.sheaf.backup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What a backup says about itself, and what [Backups#verify] holds it to.
///
/// @param format of the file; this class knows [#FORMAT]
/// @param application the version of Sheaf that took it
/// @param takenAt when the source's own clock took the snapshot
/// @param origin which database it is of
/// @param postgresql the server's version, as in `17.6`
/// @param major its first number
/// @param pgvector the extension's version; `null` where it was not created
/// @param pgDump the version of the program that made the dump
/// @param schema the changesets that were applied
/// @param contents what was in the snapshot
@RegisterForReflection(
    targets = {Manifest.class, Manifest.Origin.class, SchemaVersion.class, Contents.class})
record Manifest(
    int format,
    String application,
    Instant takenAt,
    Origin origin,
    String postgresql,
    int major,
    @Nullable String pgvector,
    String pgDump,
    SchemaVersion schema,
    Contents contents) {

  static final int FORMAT = 1;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /// One database of one cluster, whatever it is called.
  ///
  /// @param address where it was, for people: `user@host:port/database`
  /// @param system the cluster's identifier
  /// @param database the database's oid there
  record Origin(String address, String system, long database) {

    boolean isSame(Origin other) {
      return system.equals(other.system) && database == other.database;
    }
  }

  byte[] toJson() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest is plain values", e);
    }
  }

  static Manifest parse(byte[] json) throws IOException {
    return JSON.readValue(json, Manifest.class);
  }

  /// The format alone, which is all that can be read of a newer one.
  static int format(byte[] json) throws IOException {
    return JSON.readTree(json).path("format").asInt();
  }
}

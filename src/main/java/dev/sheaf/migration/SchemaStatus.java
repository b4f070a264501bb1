package dev.sheaf.migration;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// The state of a database's schema.
///
/// @param database `role@host:port/database`
/// @param upToDate whether no changeset is pending, edited, or unknown and not tolerated
/// @param modules modules that this application has or that are applied, in migration order
/// @param backfills all backfills
/// @param lock the holder of the schema lock; `null` if it is free
@Schema(name = "SchemaStatus")
public record SchemaStatus(
    String database,
    @JsonProperty("atHead") boolean upToDate,
    List<Module> modules,
    List<Backfill> backfills,
    @Nullable Lock lock) {

  public SchemaStatus {
    modules = List.copyOf(modules);
    backfills = List.copyOf(backfills);
  }

  /// A module. Changesets are named `module/NNN_name`.
  ///
  /// @param name its directory
  /// @param enabled whether it is migrated
  /// @param applied the highest applied number; 0 if none is applied
  /// @param latest the highest number in this application; 0 if it does not have the module
  /// @param appliedVersion the highest applied version, such as `007` or `1.10`; empty if none is
  ///   applied
  /// @param latestVersion likewise, in this application
  /// @param pending changesets that are not applied
  /// @param waiting pending changesets that wait for a backfill, or for a changeset that does
  /// @param late pending changesets with a lower number than an applied one
  /// @param failed non-transactional changesets that were interrupted, up or down
  /// @param edited applied changesets whose files were modified since
  /// @param unknown applied changesets without a file in this application
  /// @param tolerated unknown changesets that are compatible with this application
  @Schema(name = "SchemaModule")
  public record Module(
      String name,
      boolean enabled,
      @Schema(format = "int32", description = NUMBER) long applied,
      @Schema(format = "int32", description = NUMBER) long latest,
      @Schema(description = VERSION) String appliedVersion,
      @Schema(description = VERSION) String latestVersion,
      List<String> pending,
      List<String> waiting,
      List<String> late,
      List<String> failed,
      List<String> edited,
      List<String> unknown,
      List<String> tolerated) {

    private static final String NUMBER =
        "A changeset's number. Read it as int64 if changesets are numbered by time. Of a version with several numbers, the first one.";

    private static final String VERSION =
        "A changeset's version, such as 007 or 1.10; empty if there is none.";

    /// Whether nothing remains to be done. Not a getter, so that it stays out of the JSON.
    public boolean upToDate() {
      return pending.isEmpty()
          && failed.isEmpty()
          && edited.isEmpty()
          && unknown.size() == tolerated.size();
    }
  }

  /// The holder of the schema lock.
  ///
  /// @param client `user@host/pid`
  /// @param address the client's network address
  /// @param backend the server's process id of its session
  /// @param since when that session started; `null` if this role may not see it
  @Schema(name = "SchemaLock")
  public record Lock(String client, String address, int backend, @Nullable Instant since) {}
}

package dev.sheaf.migration;

import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Where a database stands between nothing and head.
///
/// @param database `role@host:port/database`
/// @param atHead whether nothing is pending or edited, and nothing unknown that is not tolerated
/// @param modules those that are known here or applied there, in the order they are migrated
/// @param backfills every one there is, done or not
/// @param lock who holds the schema's lock now; `null` when nobody does
@Schema(name = "SchemaStatus")
public record SchemaStatus(
    String database,
    boolean atHead,
    List<Module> modules,
    List<Backfill> backfills,
    @Nullable Lock lock) {

  public SchemaStatus {
    modules = List.copyOf(modules);
    backfills = List.copyOf(backfills);
  }

  /// One module.
  ///
  /// @param name its directory
  /// @param enabled whether it is migrated
  /// @param applied the highest number that is applied; 0 when none is
  /// @param latest the highest number there is here; 0 when it is only known to the database
  /// @param pending changesets to be applied, `module/NNN_name`
  /// @param waiting those of `pending` that wait for a backfill, or stand behind one that does
  /// @param late those of `pending` with a lower number than one that is applied
  /// @param failed changesets outside a transaction that began, up or down, and did not end
  /// @param edited applied changesets whose file says something else now
  /// @param unknown applied changesets that have no file here
  /// @param tolerated those of `unknown` that this version of the application works with
  @Schema(name = "SchemaModule")
  public record Module(
      String name,
      boolean enabled,
      int applied,
      int latest,
      List<String> pending,
      List<String> waiting,
      List<String> late,
      List<String> failed,
      List<String> edited,
      List<String> unknown,
      List<String> tolerated) {

    /// Whether nothing has to be done or decided about it.
    public boolean settled() {
      return pending.isEmpty()
          && failed.isEmpty()
          && edited.isEmpty()
          && unknown.size() == tolerated.size();
    }
  }

  /// The holder of the lock.
  ///
  /// @param client `user@host/pid`
  /// @param address where it connects from
  /// @param backend the server's process id of its session
  /// @param since when that session began; `null` when this role may not know
  @Schema(name = "SchemaLock")
  public record Lock(String client, String address, int backend, @Nullable Instant since) {}
}

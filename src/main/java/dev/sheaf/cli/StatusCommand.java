package dev.sheaf.cli;

import dev.sheaf.migration.Backfill;
import dev.sheaf.migration.SchemaStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate status`
@Command(
    name = "status",
    description = "Show the state of every module, and who holds the schema lock.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private String module = "";

  @Option(names = "--check", description = "Exit with 3 if the schema is not up to date.")
  private boolean check;

  @Override
  public Integer call() {
    Output output = common.output();
    SchemaStatus status = common.migrations().status();
    List<SchemaStatus.Module> modules =
        status.modules().stream().filter(m -> module.isEmpty() || m.name().equals(module)).toList();
    if (output.isJson()) {
      output.json(
          new SchemaStatus(
              status.database(), status.upToDate(), modules, status.backfills(), status.lock()));
    } else {
      print(output, status, modules);
    }
    return check && !status.upToDate() ? ExitCode.DIFFERENT : ExitCode.DONE;
  }

  private static void print(Output output, SchemaStatus status, List<SchemaStatus.Module> modules) {
    output.say(status.database() + (status.upToDate() ? " is up to date" : " is not up to date"));
    if (status.lock() != null) {
      SchemaStatus.Lock lock = status.lock();
      output.say(
          "locked by "
              + lock.client()
              + " from "
              + lock.address()
              + ", backend "
              + lock.backend()
              + (lock.since() == null ? "" : ", since " + lock.since()));
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(Output.row("MODULE", "APPLIED", "LATEST", "STATE"));
    for (SchemaStatus.Module m : modules) {
      rows.add(
          Output.row(m.name(), version(m.appliedVersion()), version(m.latestVersion()), state(m)));
    }
    output.table(rows);
    for (SchemaStatus.Module m : modules) {
      m.pending().forEach(c -> output.data("pending  " + c + mark(m, c)));
      m.failed().stream()
          .filter(c -> !m.pending().contains(c))
          .forEach(c ->
              output.data(
                  "pending  " + c + "  its rollback was interrupted; the next up finishes it"));
      m.edited()
          .forEach(c ->
              output.data("edited   " + c + "  modified after it was applied (checksum mismatch)"));
      m.tolerated()
          .forEach(c -> output.data("newer    " + c + "  applied by a newer version; tolerated"));
      m.unknown().stream()
          .filter(c -> !m.tolerated().contains(c))
          .forEach(
              c -> output.data("unknown  " + c + "  applied, but this version has no such file"));
    }
    status.backfills().stream()
        .filter(backfill -> backfill.state() != Backfill.State.DONE)
        .forEach(
            backfill -> output.data("backfill " + backfill.name() + "  " + backfill.progress()));
  }

  private static String mark(SchemaStatus.Module module, String changeset) {
    return module.failed().contains(changeset)
        ? "  interrupted; the next up resumes it"
        : module.waiting().contains(changeset)
            ? "  waiting for a backfill"
            : module.late().contains(changeset) ? "  late: higher numbers are already applied" : "";
  }

  private static String state(SchemaStatus.Module module) {
    if (module.latestVersion().isEmpty() && !module.appliedVersion().isEmpty()) {
      return "applied, but has no changelogs";
    }
    if (!module.enabled()) {
      return module.appliedVersion().isEmpty() ? "off" : "off, its tables are kept";
    }
    List<String> parts = new ArrayList<>();
    add(parts, module.pending().size(), "pending");
    add(parts, module.edited().size(), "edited");
    add(parts, module.unknown().size() - module.tolerated().size(), "unknown");
    add(parts, module.tolerated().size(), "newer");
    return parts.isEmpty() ? "up to date" : String.join(", ", parts);
  }

  private static void add(List<String> parts, int count, String what) {
    if (count > 0) {
      parts.add(count + " " + what);
    }
  }

  private static String version(String version) {
    return version.isEmpty() ? "-" : version;
  }
}

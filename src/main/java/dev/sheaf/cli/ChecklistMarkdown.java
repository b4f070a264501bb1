package dev.sheaf.cli;

import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.engine.Checklist;
import dev.sheaf.migration.engine.Checklist.ChecklistItem;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.TableImpact;
import dev.sheaf.migration.lint.TableImpact.Outcome;
import dev.sheaf.migration.lint.TableImpact.RowAccess;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Renders a [Checklist] as Markdown for a pull request. A box is ticked if a reviewer has nothing
/// left to decide.
final class ChecklistMarkdown {

  private final Checklist checklist;
  private final List<String> lines = new ArrayList<>();

  ChecklistMarkdown(Checklist checklist) {
    this.checklist = checklist;
  }

  List<String> lines() {
    if (checklist.items().isEmpty()) {
      return List.of("Nothing is pending in " + checklist.database() + ".");
    }
    lines.add(
        "# %s for %s"
            .formatted(Output.count(checklist.items().size(), "changeset"), checklist.database()));
    lines.add("");
    lines.add(
        "To be applied by %s; %s."
            .formatted(
                checklist.application(),
                checklist.running() == null
                    ? "no changeset has been applied yet"
                    : "last migrated by " + checklist.running()));
    lines.add("");
    lines.add(
        "Modules: "
            + String.join(
                ", ", checklist.items().stream().map(ChecklistItem::module).distinct().toList())
            + ".");
    lines.add("");
    box(
        checklist.backup() != null,
        checklist.backup() == null
            ? "**Backup**: no verified backup that is recent enough is recorded"
            : "**Backup**: verified, taken "
                + checklist.backup().truncatedTo(ChronoUnit.SECONDS)
                + (checklist.restoreMillis() == null
                    ? ""
                    : "; restoring it takes about "
                        + Output.text(Duration.ofMillis(checklist.restoreMillis()))));
    for (ChecklistItem item : checklist.items()) {
      lines.add("");
      lines.add("## " + item.changeset());
      lines.add("");
      item(item);
    }
    if (!checklist.notes().isEmpty()) {
      lines.add("");
      checklist.notes().forEach(note -> lines.add("> " + note));
    }
    return lines;
  }

  private void item(ChecklistItem item) {
    if (item.failure() != null) {
      box(false, "**Fails**: " + item.failure());
      return;
    }
    if (!item.touched().isEmpty()) {
      lines.add("| Object | Change | Blocking lock | Duration |");
      lines.add("|---|---|---|---|");
      item.touched().forEach(this::touched);
      lines.add("");
    }
    destroyed(item);
    box(
        item.access().isEmpty(),
        "**Owners, privileges, policies, sharing**: "
            + (item.access().isEmpty() ? "unchanged" : String.join("; ", item.access())));
    if (item.backfill()) {
      box(true, "**Backfill**: starts when the changeset is applied; the service runs it");
    }
    if (!item.awaits().isEmpty()) {
      box(true, "**Waits** for the backfill " + String.join(", ", item.awaits()));
    }
    compatibility(item);
    rollback(item.rollback());
    if (item.findings().isEmpty()) {
      box(true, "**Check**: no findings");
    }
    for (Finding finding : item.findings()) {
      box(
          false,
          "**%s** (%s, line %s): %s; %s"
              .formatted(
                  finding.rule(),
                  finding.severity().name().toLowerCase(Locale.ROOT),
                  finding.line(),
                  finding.message(),
                  finding.hint()));
    }
  }

  private void touched(TableImpact touched) {
    String size = touched.size() == null ? "" : " (" + touched.size() + ")";
    String outcome =
        switch (touched.outcome()) {
          case CREATED -> "created";
          case CHANGED -> "changed";
          case LOCKED -> "unchanged";
          case TRASHED -> "moved to the trash, can be restored";
          case DROPPED -> "**dropped**";
        };
    String changes = String.join(", ", touched.changes());
    lines.add(
        "| %s%s | %s%s%s | %s | %s |"
            .formatted(
                touched.object(),
                size,
                changes.isEmpty() ? outcome : changes,
                touched.rowAccess() == RowAccess.REWRITTEN ? ", **rewritten**" : "",
                touched.rowAccess() == RowAccess.READ ? ", read in full" : "",
                touched.lock() == null ? "none" : touched.lock(),
                duration(touched)));
  }

  private static String duration(TableImpact touched) {
    if (touched.lock() == null) {
      return "";
    }
    if (touched.rowAccess() == RowAccess.NONE) {
      return "instant";
    }
    return touched
        .blockingTime()
        .map(wait -> wait.isZero() ? "less than a second" : "about " + Output.text(wait))
        .orElse("depends on the number of rows");
  }

  private void destroyed(ChecklistItem item) {
    List<String> lost =
        item.touched().stream()
            .flatMap(touched ->
                touched.outcome() == Outcome.DROPPED
                    ? Stream.of(touched.object())
                    : touched.changes().stream()
                        .filter(change -> change.matches("column \\S+ dropped"))
                        .map(change -> touched.object() + " " + change))
            .toList();
    String declared = item.destroys() == null ? "" : ": " + item.destroys();
    box(
        lost.isEmpty() && item.destroys() == null,
        lost.isEmpty() && item.destroys() == null
            ? "**Data destroyed**: none"
            : "**Data destroyed**"
                + (lost.isEmpty() ? "" : " (" + String.join(", ", lost) + ")")
                + declared);
  }

  private void compatibility(ChecklistItem item) {
    if (checklist.running() == null) {
      return;
    }
    String tolerates =
        item.tolerates() == null
            ? "declares no compatible older version"
            : "compatible with " + item.tolerates() + " and later";
    box(
        item.toleratesRunning(),
        "**Compatibility**: %s; replicas of %s %s"
            .formatted(
                tolerates,
                checklist.running(),
                item.toleratesRunning()
                    ? "continue to serve"
                    : "without it become unready when it is applied"));
  }

  private void rollback(@Nullable RollbackProof proof) {
    if (proof == null) {
      box(false, "**Rollback**: not tested");
      return;
    }
    switch (proof.verdict()) {
      case PROVEN -> box(true, "**Rollback**: proven, no rows are lost");
      case LOSSY -> box(false, "**Rollback**: proven, but rows are lost: " + proof.reason());
      case FAILED -> box(false, "**Rollback**: fails: " + proof.reason());
    }
  }

  private void box(boolean settled, String text) {
    lines.add((settled ? "- [x] " : "- [ ] ") + text);
  }
}

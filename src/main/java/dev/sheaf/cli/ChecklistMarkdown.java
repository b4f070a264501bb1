package dev.sheaf.cli;

import dev.sheaf.migration.RollbackProof;
import dev.sheaf.migration.engine.Checklist;
import dev.sheaf.migration.engine.Checklist.Item;
import dev.sheaf.migration.lint.Finding;
import dev.sheaf.migration.lint.TableImpact;
import dev.sheaf.migration.lint.TableImpact.Fate;
import dev.sheaf.migration.lint.TableImpact.Work;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A [Checklist] for a pull request: a box is ticked where a reviewer has nothing left to decide.
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
        "Applied by %s; %s."
            .formatted(
                checklist.application(),
                checklist.running() == null
                    ? "nothing has been applied yet"
                    : "migrated last by " + checklist.running()));
    lines.add("");
    lines.add(
        "Modules: "
            + String.join(", ", checklist.items().stream().map(Item::module).distinct().toList())
            + ".");
    lines.add("");
    box(
        checklist.backup() != null,
        checklist.backup() == null
            ? "**Backup**: none is on record that was verified and is young enough"
            : "**Backup**: verified, taken " + checklist.backup().truncatedTo(ChronoUnit.SECONDS));
    for (Item item : checklist.items()) {
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

  private void item(Item item) {
    if (item.failure() != null) {
      box(false, "**It fails**: " + item.failure());
      return;
    }
    if (!item.touched().isEmpty()) {
      lines.add("| Object | What happens to it | Lock that others wait for | How long |");
      lines.add("|---|---|---|---|");
      item.touched().forEach(this::touched);
      lines.add("");
    }
    destroyed(item);
    if (item.backfill()) {
      box(true, "**Backfill**: begins when it is applied, and runs in the service");
    }
    if (!item.awaits().isEmpty()) {
      box(true, "**Waits** for the backfill " + String.join(", ", item.awaits()));
    }
    compatibility(item);
    rollback(item.rollback());
    if (item.findings().isEmpty()) {
      box(true, "**Check**: nothing found");
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
    String fate =
        switch (touched.fate()) {
          case CREATED -> "created";
          case CHANGED -> "changed";
          case LOCKED -> "as it is";
          case TRASHED -> "put in the trash, can come back";
          case DROPPED -> "**dropped**";
        };
    String changes = String.join(", ", touched.changes());
    lines.add(
        "| %s%s | %s%s%s | %s | %s |"
            .formatted(
                touched.object(),
                size,
                changes.isEmpty() ? fate : changes,
                touched.work() == Work.REWRITTEN ? ", **rewritten**" : "",
                touched.work() == Work.READ ? ", all of it read" : "",
                touched.lock() == null ? "none" : touched.lock(),
                waiting(touched)));
  }

  private static String waiting(TableImpact touched) {
    if (touched.lock() == null) {
      return "";
    }
    if (touched.work() == Work.NONE) {
      return "an instant";
    }
    return touched
        .waiting()
        .map(wait -> wait.isZero() ? "under a second" : "about " + Output.text(wait))
        .orElse("as long as its rows take");
  }

  private void destroyed(Item item) {
    List<String> lost =
        item.touched().stream()
            .flatMap(touched ->
                touched.fate() == Fate.DROPPED
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

  private void compatibility(Item item) {
    if (checklist.running() == null) {
      return;
    }
    String tolerates =
        item.tolerates() == null
            ? "it names no older version that works with it"
            : "works with " + item.tolerates() + " and later";
    box(
        item.toleratesRunning(),
        "**Compatibility**: %s; replicas of %s %s"
            .formatted(
                tolerates,
                checklist.running(),
                item.toleratesRunning()
                    ? "go on serving"
                    : "that do not have it stop being ready when it is applied"));
  }

  private void rollback(@Nullable RollbackProof proof) {
    if (proof == null) {
      box(false, "**Rollback**: not tried");
      return;
    }
    switch (proof.verdict()) {
      case PROVEN -> box(true, "**Rollback**: proven, and no row is lost");
      case LOSSY -> box(false, "**Rollback**: proven, and loses rows: " + proof.reason());
      case FAILED -> box(false, "**Rollback**: fails: " + proof.reason());
    }
  }

  private void box(boolean settled, String text) {
    lines.add((settled ? "- [x] " : "- [ ] ") + text);
  }
}

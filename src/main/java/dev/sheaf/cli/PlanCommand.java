package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.engine.Checklist;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.scratch.ScratchDatabase;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate plan`
@Command(
    name = "plan",
    description =
        "Print what a reviewer must know about the pending changesets, as Markdown for a pull request.",
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Override
  public Integer call() {
    Output output = common.output();
    Migrations migrations = common.migrations(scratch);
    MigrationConfig config = common.schema();
    Changelogs changelogs = common.changelogs();
    ChangesetSelection pending =
        ChangesetSelection.pending(changelogs, common.modules(), migrations.address());
    DatabaseAddress server = ScratchDatabase.server(migrations.address(), config);
    Checklist checklist =
        Checklist.of(changelogs, migrations, pending, server, config, common.vectors());
    if (output.isJson()) {
      output.json(checklist);
    } else {
      new ChecklistMarkdown(checklist).lines().forEach(output::data);
    }
    return ExitCode.DONE;
  }
}

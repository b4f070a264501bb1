package dev.sheaf.cli;

import dev.sheaf.schema.Changelogs;
import dev.sheaf.schema.ChangesetSelection;
import dev.sheaf.schema.DatabaseAddress;
import dev.sheaf.schema.Migrations;
import dev.sheaf.schema.SchemaConfig;
import dev.sheaf.schema.ScratchDatabase;
import dev.sheaf.schema.check.Checklist;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf migrate plan`
@Command(
    name = "plan",
    description =
        "Print what a reviewer must know of the pending changesets, as Markdown for the pull request.",
    mixinStandardHelpOptions = true)
final class PlanCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ScratchOptions scratch = new ScratchOptions();

  @Override
  public Integer call() {
    Output output = common.output();
    Migrations migrations = common.migrations(scratch);
    SchemaConfig config = common.schema();
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

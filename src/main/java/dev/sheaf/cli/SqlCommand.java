package dev.sheaf.cli;

import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.engine.Migrations.Dependents;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sheaf migrate sql`
@Command(
    name = "sql",
    description = "Print the SQL that up or down would run.",
    mixinStandardHelpOptions = true)
final class SqlCommand implements Callable<Integer> {

  private enum Direction {
    UP,
    DOWN
  }

  @Mixin private Common common = new Common();

  @Parameters(index = "0", paramLabel = "up|down", description = "The direction.")
  private Direction direction = Direction.UP;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "N",
      defaultValue = "1",
      description = "With down: the number of changesets. Default: ${DEFAULT-VALUE}.")
  private int count;

  @Option(names = "--module", paramLabel = "M", description = "Only this module.")
  private @Nullable String module;

  @Option(
      names = "--to",
      paramLabel = "V",
      converter = VersionArgument.class,
      description = "With up: the last number to apply.")
  private @Nullable ChangesetVersion to;

  @Option(
      names = "--with-dependents",
      description = "With down: also the changesets of other modules that depend on these.")
  private boolean withDependents;

  @Override
  public Integer call() {
    Output output = common.output();
    List<Migrations.ChangesetScript> scripts = scripts();
    if (output.isJson()) {
      output.json(scripts);
      return ExitCode.DONE;
    }
    for (Migrations.ChangesetScript script : scripts) {
      output.data("-- " + script.changeset());
      if (script.transactional()) {
        output.data("BEGIN;");
      }
      // Rows that are copied end with a line of their own.
      script.statements().forEach(sql -> output.data(sql.endsWith("\n\\.") ? sql : sql + ";"));
      if (script.transactional()) {
        output.data("COMMIT;");
      }
      output.data("");
    }
    return ExitCode.DONE;
  }

  private List<Migrations.ChangesetScript> scripts() {
    return switch (direction) {
      case UP -> common.migrations().scriptUp(new Migrations.Scope(module, to));
      case DOWN ->
          common
              .migrations()
              .scriptDown(module, count, withDependents ? Dependents.ROLL_BACK : Dependents.REFUSE);
    };
  }
}

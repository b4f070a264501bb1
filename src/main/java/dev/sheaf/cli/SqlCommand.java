package dev.sheaf.cli;

import dev.sheaf.migration.engine.Migrations;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

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

  @Spec private @Nullable CommandSpec spec;

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

  @Option(
      names = "--module",
      paramLabel = "M",
      description = "Only this module; required with down.")
  private @Nullable String module;

  @Option(names = "--to", paramLabel = "V", description = "With up: the last number to apply.")
  private @Nullable Integer to;

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
      script.statements().forEach(sql -> output.data(sql + ";"));
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
      case DOWN -> {
        if (module == null) {
          throw new ParameterException(
              spec().commandLine(), "Missing required option: '--module=M'");
        }
        yield common.migrations().scriptDown(module, count);
      }
    };
  }

  private CommandSpec spec() {
    if (spec == null) {
      throw new IllegalStateException("Picocli sets it");
    }
    return spec;
  }
}

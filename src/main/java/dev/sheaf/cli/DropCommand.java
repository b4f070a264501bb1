package dev.sheaf.cli;

import dev.sheaf.migration.MigrationResult;
import dev.sheaf.migration.engine.Migrations;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf migrate drop`
@Command(
    name = "drop",
    description = "Drop everything that Sheaf created.",
    mixinStandardHelpOptions = true)
final class DropCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--confirm",
      paramLabel = "DATABASE",
      description = "The database's name, instead of being asked.")
  private @Nullable String confirm;

  @Option(names = "--force", description = "Also in production.")
  private boolean force;

  @Override
  public Integer call() {
    Output output = common.output();
    Migrations migrations = common.migrations();
    String confirmed = confirm != null ? confirm : ask(output, migrations);
    MigrationResult result =
        migrations.drop(confirmed, force, approval.approval(), output.listener());
    return output.result(result, "nothing of Sheaf is left in " + migrations.address());
  }

  private static String ask(Output output, Migrations migrations) {
    output.say(
        "This drops every collection in "
            + migrations.address()
            + ". Type the database's name to go on:");
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    return in.hasNextLine() ? in.nextLine().strip() : "";
  }
}

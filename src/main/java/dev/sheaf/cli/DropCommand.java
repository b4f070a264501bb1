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
    description = "Roll back all changesets and drop everything that Sheaf created.",
    mixinStandardHelpOptions = true)
final class DropCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();
  @Mixin private ApprovalOptions approval = new ApprovalOptions();

  @Option(
      names = "--confirm",
      paramLabel = "DATABASE",
      description = "The name of the database. Without it, the command asks.")
  private @Nullable String confirm;

  @Option(names = "--force", description = "Required in production.")
  private boolean force;

  @Override
  public Integer call() {
    Output output = common.output();
    Migrations migrations = common.migrations();
    String confirmed = confirm != null ? confirm : ask(output, migrations);
    MigrationResult result =
        migrations.drop(confirmed, force, approval.approval(), output.listener());
    return output.result(
        result, "everything that Sheaf created in " + migrations.address() + " is dropped");
  }

  private static String ask(Output output, Migrations migrations) {
    output.say(
        "This drops every collection in "
            + migrations.address()
            + ". Type the name of the database to continue:");
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    return in.hasNextLine() ? in.nextLine().strip() : "";
  }
}

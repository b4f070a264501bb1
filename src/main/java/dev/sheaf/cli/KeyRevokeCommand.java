package dev.sheaf.cli;

import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf key revoke ID`
@Command(
    name = "revoke",
    description = "Revoke a key for good. Running services refuse it within seconds.",
    mixinStandardHelpOptions = true)
final class KeyRevokeCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "ID", description = "As list shows it, without the secret.")
  private String id = "";

  @Override
  public Integer call() throws SQLException {
    common.keys().revoke(id);
    common.output().say(id + " is revoked");
    return ExitCode.DONE;
  }
}

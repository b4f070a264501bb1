package dev.sheaf.cli;

import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// `sheaf key revoke ID`
@Command(
    name = "revoke",
    description = "Revoke a key permanently. Running services reject it within seconds.",
    mixinStandardHelpOptions = true)
final class KeyRevokeCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "ID", description = "The key's id, as list shows it.")
  private String id = "";

  @Override
  public Integer call() throws SQLException {
    common.keys().revoke(id);
    common.output().say(id + " is revoked");
    return ExitCode.DONE;
  }
}

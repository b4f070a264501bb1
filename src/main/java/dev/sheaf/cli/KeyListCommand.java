package dev.sheaf.cli;

import dev.sheaf.access.ApiKey;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sheaf key list`
@Command(
    name = "list",
    description =
        "List all keys, newest first, with expired and revoked ones. Secrets are not shown.",
    mixinStandardHelpOptions = true)
final class KeyListCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Override
  public Integer call() throws SQLException {
    Output output = common.output();
    List<ApiKey> keys = common.keys().list();
    if (output.isJson()) {
      output.json(keys);
      return ExitCode.DONE;
    }
    if (keys.isEmpty()) {
      output.say("there are no keys");
      return ExitCode.DONE;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(Output.row("ID", "NAME", "ROLE", "COLLECTIONS", "STATE", "EXPIRES", "LAST USED"));
    for (ApiKey key : keys) {
      rows.add(
          Output.row(
              key.id(),
              Objects.requireNonNullElse(key.name(), ""),
              key.role().value(),
              key.collections() == null ? "all" : String.join(",", key.collections()),
              key.state().name().toLowerCase(Locale.ROOT),
              timeOr(key.expiresAt(), "never"),
              timeOr(key.lastUsedAt(), "never")));
    }
    output.table(rows);
    return ExitCode.DONE;
  }

  private static String timeOr(@Nullable Instant instant, String otherwise) {
    return instant == null ? otherwise : Output.time(instant);
  }
}

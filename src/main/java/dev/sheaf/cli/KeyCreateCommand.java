package dev.sheaf.cli;

import dev.sheaf.access.ApiKey;
import dev.sheaf.access.CreateKey;
import dev.sheaf.access.CreatedKey;
import dev.sheaf.access.Role;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sheaf key create --role writer --collections notes --expires 90d`
@Command(
    name = "create",
    description = "Create a key and print it on stdout. It is shown only once.",
    mixinStandardHelpOptions = true)
final class KeyCreateCommand implements Callable<Integer> {

  @Mixin private Common common = new Common();

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      required = true,
      description = "reader, writer or admin. Each role includes the ones before it.")
  private @Nullable Role role;

  @Option(
      names = "--collections",
      paramLabel = "NAME",
      split = ",",
      description = "Only these collections, such as a,b. Default: all.")
  private @Nullable List<String> collections;

  @Option(
      names = "--expires",
      paramLabel = "AGE",
      description = "The key's lifetime: 90d, 12h. Default: until it is revoked.")
  private @Nullable String expires;

  @Option(names = "--name", paramLabel = "NAME", description = "A name for the key.")
  private @Nullable String name;

  @Override
  public Integer call() throws SQLException {
    Output output = common.output();
    CreatedKey created = common.keys().create(CreateKey.of(role, name, collections, expires));
    if (output.isJson()) {
      output.json(created);
    } else {
      output.data(created.key());
      output.say(words(created.description()));
    }
    return ExitCode.DONE;
  }

  private static String words(ApiKey key) {
    return "%s for %s, valid %s; it is not shown again"
        .formatted(
            key.role(),
            key.collections() == null ? "all collections" : String.join(", ", key.collections()),
            key.expiresAt() == null
                ? "until it is revoked"
                : "until " + Output.time(key.expiresAt()));
  }
}

package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.ReadOnlyMode;
import dev.sheaf.database.SqlErrorMessage;
import dev.sheaf.runtime.OperatorException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `sheaf readonly on|off|status`
@Command(
    name = "readonly",
    description = {
      "Make the database reject writes in an emergency, while searches continue; or accept them"
          + " again.",
      "Sessions that began earlier are ended, unless they end within the grace period."
    },
    mixinStandardHelpOptions = true)
final class ReadonlyCommand implements Callable<Integer> {

  private enum Action {
    ON,
    OFF,
    STATUS
  }

  @Spec private @Nullable CommandSpec spec;

  @Mixin private Common common = new Common();

  @Parameters(paramLabel = "on|off|status", description = "What to do.")
  private Action action = Action.STATUS;

  @Option(
      names = "--reason",
      paramLabel = "WHY",
      description = "Why; recorded, and told to clients. Required with on.")
  private @Nullable String reason;

  @Option(
      names = "--approved-by",
      paramLabel = "WHO",
      description = "Who decided it; recorded, and told to clients. Default: this process.")
  private @Nullable String by;

  @Option(
      names = "--grace",
      paramLabel = "D",
      defaultValue = "10s",
      converter = DurationArgument.class,
      description = "How long sessions that began earlier may go on. Default: ${DEFAULT-VALUE}.")
  private Duration grace = Duration.ZERO;

  /// The state of a database.
  ///
  /// @param database `role@host:port/database`
  /// @param readOnly whether it rejects writes
  /// @param mode since when, by whom and why; `null` if it accepts writes
  record State(String database, boolean readOnly, @Nullable ReadOnlyMode mode) {}

  @Override
  public Integer call() throws InterruptedException {
    if (action == Action.ON && (reason == null || reason.isBlank()) && spec != null) {
      throw new ParameterException(
          spec.commandLine(), "Missing required option with on: '--reason=WHY'");
    }
    DatabaseAddress database = common.database();
    try (Connection connection = database.open("sheaf readonly")) {
      if (action != Action.STATUS) {
        Instant changed = ReadOnlyMode.set(connection, action == Action.ON, by, reason);
        List<ReadOnlyMode.Session> left =
            ReadOnlyMode.endEarlierSessions(connection, changed, grace);
        if (!left.isEmpty()) {
          throw new OperatorException(
              "the setting has changed, but these sessions began earlier, and this role may not end"
                  + " them: "
                  + left.stream()
                      .map(session -> session.name() + ", backend " + session.backend())
                      .collect(Collectors.joining("; ")),
              "end them as a role with pg_signal_backend: SELECT pg_terminate_backend(...)");
        }
      }
      return print(database, ReadOnlyMode.read(connection));
    } catch (SQLException e) {
      throw SqlErrorMessage.running(database, "readonly", e);
    }
  }

  private int print(DatabaseAddress database, Optional<ReadOnlyMode> mode) {
    Output output = common.output();
    if (output.isJson()) {
      output.json(new State(database.toString(), mode.isPresent(), mode.orElse(null)));
    } else {
      output.data(mode.map(ReadOnlyMode::sentence).orElse("the database accepts writes"));
    }
    return ExitCode.DONE;
  }
}

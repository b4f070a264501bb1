package dev.sheaf.http;

import dev.sheaf.database.Replicas;
import dev.sheaf.problem.Problem;
import jakarta.ws.rs.container.ContainerResponseContext;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Lets clients find what they have written, although standbys answer searches: a write answers
/// with a position in the database's log, and a search may bring it. See [Replicas].
public final class WrittenPosition {

  /// The header of responses.
  public static final String HEADER = "Sheaf-Written";

  /// The header of requests.
  public static final String AFTER = "Sheaf-After";

  /// The description of the header in the OpenAPI document.
  public static final String DESCRIPTION =
      "The value of Sheaf-Written in the response to a write. The search finds what it wrote, although standbys may answer searches.";

  /// The same for reads that only some services let standbys answer.
  public static final String DESCRIPTION_OF_READS =
      "The value of Sheaf-Written in the response to a write. The answer contains what it wrote, also if standbys answer.";

  private static final Pattern POSITION = Pattern.compile("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}");

  private final Replicas replicas;

  WrittenPosition(Replicas replicas) {
    this.replicas = replicas;
  }

  @Writes
  @ServerResponseFilter
  void add(ContainerResponseContext response) {
    if (response.getStatus() / 100 == 2) {
      replicas
          .written()
          .ifPresent(position -> response.getHeaders().putSingle(HEADER, position.asString()));
    }
  }

  /// Parses the value of [#AFTER].
  ///
  /// @return `null` if the request has none
  /// @throws Problem if it is malformed
  public static @Nullable LogSequenceNumber parse(@Nullable String text) {
    if (text == null) {
      return null;
    }
    if (!POSITION.matcher(text).matches()) {
      throw Problem.parameter(
          AFTER,
          AFTER + " must be a value of " + HEADER + ", such as 0/16B3748, not " + text + ".");
    }
    return LogSequenceNumber.valueOf(text);
  }
}

package dev.sheaf.embedding;

import dev.sheaf.http.ProblemDocument;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/// Maps failures of an embedding model to problems.
public final class EmbeddingProblems {

  private static final Logger LOG = Logger.getLogger(EmbeddingProblems.class);

  @ServerExceptionMapper({
    EmbeddingException.class,
    UnknownEmbeddingModelException.class,
    WidthMismatchException.class
  })
  Response map(RuntimeException failure) {
    return ProblemDocument.render(problem(failure));
  }

  /// The problem for a failure of a model. The failure is logged here.
  ///
  /// @param failure an [EmbeddingException], [UnknownEmbeddingModelException] or
  ///   [WidthMismatchException]
  public static Problem problem(RuntimeException failure) {
    LOG.error("Embedding model unavailable", failure);
    return new Problem(ProblemType.MODEL_UNAVAILABLE, detail(failure));
  }

  /// Whether the model is the cause, so that the same request succeeds when the model is available.
  public static boolean isUnavailable(Throwable failure) {
    return failure instanceof EmbeddingException
        || failure instanceof UnknownEmbeddingModelException
        || failure instanceof WidthMismatchException;
  }

  /// What a client may know of a failure of a model. The message of an [EmbeddingException]
  /// contains addresses, and what a server answered.
  public static String detail(RuntimeException failure) {
    return failure instanceof EmbeddingException
        ? "The embedding model failed, or did not answer in time. Retry later. The cause is in the"
            + " service's log."
        : String.valueOf(failure.getMessage());
  }
}

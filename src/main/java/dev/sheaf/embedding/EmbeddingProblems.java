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
    return new Problem(ProblemType.MODEL_UNAVAILABLE, String.valueOf(failure.getMessage()));
  }
}

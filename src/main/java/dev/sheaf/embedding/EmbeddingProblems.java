package dev.sheaf.embedding;

import dev.sheaf.http.ProblemDocument;
import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/// What a client hears when the model is at fault and not the request.
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

  /// What a client is told of a model that cannot be used. The operator is told here.
  ///
  /// @param failure an [EmbeddingException], [UnknownEmbeddingModelException] or
  ///   [WidthMismatchException]
  public static Problem problem(RuntimeException failure) {
    LOG.error("Embedding model unusable", failure);
    return new Problem(ProblemType.MODEL_UNAVAILABLE, String.valueOf(failure.getMessage()));
  }
}

package dev.sheaf.search;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingProblems;
import dev.sheaf.embedding.UnknownEmbeddingModelException;
import dev.sheaf.embedding.WidthMismatchException;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Input;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.http.RequestId;
import dev.sheaf.http.Roles;
import dev.sheaf.problem.Problem;
import dev.sheaf.search.SearchBatch.Answer;
import dev.sheaf.search.SearchBatch.Answers;
import io.opentelemetry.context.Context;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/// Many searches over HTTP.
@Path("/search/batch")
@Tag(name = "Search")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class SearchBatchResource {

  /// Connections that one batch takes from the others.
  private static final int AT_ONCE = 4;

  private final SearchService searches;
  private final Callers callers;

  SearchBatchResource(SearchService searches, Callers callers) {
    this.searches = searches;
    this.callers = callers;
  }

  @POST
  @Operation(
      operationId = "searchBatch",
      summary = "Search many times",
      description = "In any number of collections. A search that fails does not stop the others.")
  @APIResponse(
      responseCode = "200",
      description = "An answer or a problem for each, in their order")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public Answers search(@Nullable SearchBatch batch) throws SQLException, InterruptedException {
    Caller caller = callers.ofRequest();
    List<Callable<Answer>> tasks = new ArrayList<>();
    for (SearchBatch.One one : Input.required("searches", batch).searches()) {
      tasks.add(Context.current().wrap(() -> answer(caller, one)));
    }
    try (var threads = Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      var answers = new ArrayList<Answer>();
      for (Future<Answer> answer : threads.invokeAll(tasks)) {
        answers.add(answer.get());
      }
      return new Answers(answers);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException sql) {
        throw sql;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private Answer answer(Caller caller, SearchBatch.One one) throws SQLException {
    MDC.put(RequestId.LOGGED, caller.requestId());
    try {
      if (!caller.sees(one.collection())) {
        throw CollectionService.notFound(one.collection());
      }
      return new Answer(searches.search(one.collection(), one.search()), null);
    } catch (Problem problem) {
      return new Answer(null, ProblemDocument.of(problem));
    } catch (EmbeddingException
        | UnknownEmbeddingModelException
        | WidthMismatchException unusable) {
      return new Answer(null, ProblemDocument.of(EmbeddingProblems.problem(unusable)));
    }
  }
}

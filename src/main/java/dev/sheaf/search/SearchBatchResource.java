package dev.sheaf.search;

import dev.sheaf.collection.CollectionService;
import dev.sheaf.database.Cancellation;
import dev.sheaf.embedding.EmbeddingException;
import dev.sheaf.embedding.EmbeddingProblems;
import dev.sheaf.embedding.UnknownEmbeddingModelException;
import dev.sheaf.embedding.WidthMismatchException;
import dev.sheaf.http.Caller;
import dev.sheaf.http.Callers;
import dev.sheaf.http.Input;
import dev.sheaf.http.ProblemDocument;
import dev.sheaf.http.ProblemMapper;
import dev.sheaf.http.RequestId;
import dev.sheaf.http.Roles;
import dev.sheaf.http.WrittenPosition;
import dev.sheaf.limits.ClientConnections;
import dev.sheaf.limits.ClientConnections.Client;
import dev.sheaf.limits.MemoryBudget;
import dev.sheaf.limits.RequestMemory;
import dev.sheaf.problem.Problem;
import dev.sheaf.search.SearchBatch.SearchAnswer;
import dev.sheaf.search.SearchBatch.SearchBatchResponse;
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
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.MDC;
import org.jboss.resteasy.reactive.RestHeader;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Batches of searches over HTTP.
@Path("/search/batch")
@Tag(name = "Search")
@RolesAllowed(Roles.READER)
@RunOnVirtualThread
class SearchBatchResource {

  /// Number of connections that one batch uses.
  private static final int CONCURRENCY = 4;

  private final SearchService searches;
  private final Callers callers;
  private final RequestMemory memory;
  private final ClientConnections clients;

  SearchBatchResource(
      SearchService searches, Callers callers, RequestMemory memory, ClientConnections clients) {
    this.searches = searches;
    this.callers = callers;
    this.memory = memory;
    this.clients = clients;
  }

  @POST
  @Operation(
      operationId = "searchBatch",
      summary = "Run several searches",
      description =
          "The searches may be in different collections. If one of them is not valid or fails, its answer is a problem, whose field begins with its place, such as searches[1].search.limit. The others still run.")
  @APIResponse(
      responseCode = "200",
      description = "A response or a problem for each search, in order")
  @APIResponse(responseCode = "422", description = "A field is not valid")
  public SearchBatchResponse search(
      @Parameter(description = WrittenPosition.DESCRIPTION) @RestHeader(WrittenPosition.AFTER)
          @Nullable String after,
      @Nullable SearchBatch batch)
      throws InterruptedException {
    LogSequenceNumber position = WrittenPosition.parse(after);
    Caller caller = callers.ofRequest();
    MemoryBudget.Account account = memory.ofRequest();
    Client client = clients.ofRequest();
    List<Callable<SearchAnswer>> tasks = new ArrayList<>();
    for (SearchBatch.Entry one : Input.required("searches", batch).searches()) {
      tasks.add(
          Context.current()
              .wrap(() -> {
                try (Cancellation _ = client == null ? null : client.cover()) {
                  return answer(caller, one, position, account);
                }
              }));
    }
    try (var threads = Executors.newFixedThreadPool(CONCURRENCY, Thread.ofVirtual().factory())) {
      var answers = new ArrayList<SearchAnswer>();
      for (Future<SearchAnswer> answer : threads.invokeAll(tasks)) {
        answers.add(answer.get());
      }
      return new SearchBatchResponse(answers);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private SearchAnswer answer(
      Caller caller,
      SearchBatch.Entry entry,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account account) {
    MDC.put(RequestId.LOGGED, caller.requestId());
    return switch (entry) {
      case SearchBatch.Entry.Invalid invalid -> failed(invalid.problem());
      case SearchBatch.Entry.Valid valid -> answer(caller, valid, after, account);
    };
  }

  /// Any failure of one search is its own answer.
  private SearchAnswer answer(
      Caller caller,
      SearchBatch.Entry.Valid entry,
      @Nullable LogSequenceNumber after,
      MemoryBudget.Account account) {
    SearchBatch.BatchedSearch one = entry.value();
    try {
      if (!caller.sees(one.collection())) {
        throw CollectionService.notFound(one.collection());
      }
      return new SearchAnswer(
          searches.search(one.collection(), one.search(), after, account), null);
    } catch (EmbeddingException
        | UnknownEmbeddingModelException
        | WidthMismatchException unusable) {
      return failed(EmbeddingProblems.problem(unusable));
    } catch (SQLException | RuntimeException e) {
      return failed(entry.located(ProblemMapper.problem(e)));
    }
  }

  private static SearchAnswer failed(Problem problem) {
    return new SearchAnswer(null, ProblemDocument.of(problem));
  }
}

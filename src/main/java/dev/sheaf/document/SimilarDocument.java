package dev.sheaf.document;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sheaf.collection.CollectionService.ActiveSpace;
import dev.sheaf.embedding.Space;
import dev.sheaf.filter.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A document that is similar to another.
///
/// @param id the client's id of the document
/// @param score larger is more similar: [dev.sheaf.embedding.Metric#score]
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "SimilarDocument")
public record SimilarDocument(
    String id, @Nullable String title, @Nullable String uri, double score) {

  /// What a document needs in memory, as a row and as JSON.
  static final long MAX_BYTES =
      4L * (DocumentContent.MAX_TITLE_BYTES + DocumentContent.MAX_URI_BYTES + 1_000);

  /// Similar documents, the most similar first.
  @Schema(name = "SimilarDocuments")
  public record SimilarDocuments(List<SimilarDocument> documents) {}

  /// The documents with a chunk that is nearest to the mean of the embeddings of a document.
  ///
  /// @return empty if the document does not exist
  static Optional<List<SimilarDocument>> of(
      ActiveSpace searched, UUID documentId, Filter filter, int limit) {
    Space space = searched.space();
    float[] mean = Embedding.mean(space, documentId);
    if (mean == null) {
      return Optional.empty();
    }
    List<Neighbor> neighbors =
        Embedding.nearest(space, mean, limit)
            .efSearch(searched.efSearch(NearestQuery.defaultEfSearch()))
            .excluding(documentId)
            .filter(filter)
            .documents();
    return Optional.of(
        described(
            space,
            neighbors.stream()
                .map(neighbor -> Map.entry(neighbor.documentId(), neighbor.score()))
                .toList()));
  }

  /// Adds id, title and uri to scores. A document that was deleted in the meantime is left out.
  static List<SimilarDocument> described(Space space, List<Map.Entry<UUID, Double>> scores) {
    Map<UUID, Object[]> documents =
        Document.getEntityManager()
            .createQuery(
                """
                select d.id, d.externalId, d.title, d.uri
                  from Document d
                 where d.collectionId = constant(:collection) and d.id in (:ids)
                """,
                Object[].class)
            .setParameter("collection", space.collectionId())
            .setParameter("ids", scores.stream().map(Map.Entry::getKey).toList())
            .getResultStream()
            .collect(Collectors.toMap(row -> (UUID) row[0], Function.identity()));
    var described = new ArrayList<SimilarDocument>();
    for (Map.Entry<UUID, Double> score : scores) {
      Object[] document = documents.get(score.getKey());
      if (document != null) {
        described.add(
            new SimilarDocument(
                (String) document[1],
                (String) document[2],
                (String) document[3],
                score.getValue()));
      }
    }
    return described;
  }
}

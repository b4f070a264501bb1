package dev.sheaf.search;

import java.util.List;

/// The parts of a hybrid search that merge its two lists.
final class FusedChunks extends StatementPart {

  FusedChunks(SearchShape shape, List<Placeholder> placeholders) {
    super(shape, placeholders);
  }

  /// Expressions that merge `near` and `matching` to `ranked`.
  String expressions() {
    Fusion fusion = shape.fusion();
    return """
    ,
    nearest AS (
         SELECT document_id, ordinal, key, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM near
          ORDER BY place
          LIMIT %1$s
    ),
    worded AS (
         SELECT document_id, ordinal, key, row_number() OVER (ORDER BY key, document_id, ordinal) AS place
           FROM matching w
          ORDER BY place
          LIMIT %1$s
    ),
    ranked AS MATERIALIZED (
         SELECT document_id, ordinal,
                -(COALESCE(%2$s::float8 * %3$s, 0) + COALESCE(%4$s::float8 * %5$s, 0)) AS key%6$s
           FROM nearest n
           FULL JOIN worded w USING (document_id, ordinal)
    )\
    """
        .formatted(
            shape.depth(),
            fusion.vector(),
            gainOfVectors(),
            fusion.fulltext(),
            gainOfWords(),
            shape.explained() ? partsOfFusion() : "");
  }

  private String partsOfFusion() {
    return """
    ,
                n.key AS vector_key, n.place AS vector_rank, %s::float8 * %s AS vector_gain,
                w.key AS words_key, w.place AS words_rank, %s::float8 * %s AS words_gain\
    """
        .formatted(
            shape.fusion().vector(), gainOfVectors(), shape.fusion().fulltext(), gainOfWords());
  }

  /// What the nearest chunks add to the score of a chunk, without the weight; NULL if they do not
  /// contain it.
  private String gainOfVectors() {
    return switch (shape.fusion().by()) {
      case RANK -> gainOfRank("n");
      case SCORE ->
          """
          CASE WHEN n.key = (SELECT min(key) FROM nearest) THEN 1
                              ELSE ((SELECT max(key) FROM nearest) - n.key)
                                   / NULLIF((SELECT max(key) - min(key) FROM nearest), 0) END\
          """;
    };
  }

  /// The same of the chunks with words.
  private String gainOfWords() {
    return switch (shape.fusion().by()) {
      case RANK -> gainOfRank("w");
      case SCORE ->
          "-w.key / NULLIF(greatest(-(SELECT min(key) FROM worded)%s), 0)"
              .formatted(shape.scored() ? ", " + number(Placeholder.SCORE_OF_ALL) : "");
    };
  }

  private String gainOfRank(String chunk) {
    return "1 / (%s + %s.place)::float8".formatted(shape.fusion().constant(), chunk);
  }
}

package dev.sheaf.search;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The last part of a search, which looks up what is returned of its best chunks.
final class HitRows extends StatementPart {

  /// Characters, as in an SQL literal, with their entities. The first is part of the others.
  private static final List<Map.Entry<String, String>> ENTITIES =
      List.of(
          Map.entry("&", "&amp;"),
          Map.entry("<", "&lt;"),
          Map.entry(">", "&gt;"),
          Map.entry("\"", "&quot;"),
          Map.entry("''", "&#39;"));

  private static final String MARKS = "'" + MarkedText.START + MarkedText.STOP + "'";

  /// The length of the longest of the [#ENTITIES].
  private static final int HTML_BYTES = 6;

  /// PostgreSQL's `MAXSTRLEN`.
  private static final int MAX_TOKEN_BYTES = 2_047;

  /// The tokens of PostgreSQL's parser that follow in parts: URLs and words with hyphens.
  private static final String COMPOUND_TYPES = "5, 15, 16, 17";

  /// All characters of [Character#isWhitespace].
  private static final String WHITE_SPACE =
      IntStream.rangeClosed(0, Character.MAX_VALUE)
          .filter(Character::isWhitespace)
          .mapToObj("\\u%04x"::formatted)
          .collect(Collectors.joining("", "E'", "'"));

  private final MatchingChunks matching;

  HitRows(SearchShape shape, List<Placeholder> placeholders, MatchingChunks matching) {
    super(shape, placeholders);
    this.matching = matching;
  }

  /// Texts, vectors and highlights are read for the returned rows only. The last column is the
  /// number of bytes of the texts of the hit, as they are stored. If they are more than
  /// [SearchShape#maxBytes], the texts are NULL, so that the caller can reserve memory before it
  /// reads them. The number is computed once for a hit, where the last of its texts is looked up.
  String sql() {
    boolean ofChunk = shape.marks() || shape.select().contains(ReturnField.TEXT);
    var document = new StringJoiner(", ").add("d.external_id");
    var chunk = new StringJoiner(", ");
    var columns = new StringBuilder();
    var bytes = new StringJoiner(" + ");
    String found = "";
    for (ReturnField field : shape.select()) {
      String name = alias(field);
      switch (field) {
        case TITLE, URI, METADATA -> {
          document.add(field.column + " AS " + name);
          bytes.add("COALESCE(octet_length(" + (ofChunk ? name : field.column) + "), 0)");
          columns.append(", ").append(ifShort(name));
        }
        case TEXT -> {
          document.add("d.mime_type");
          chunk.add(chunkText() + " AS " + name);
          bytes.add("octet_length(c.text)");
          columns.append(", ").append(ifShort(name));
        }
        case CREATED_AT, UPDATED_AT -> {
          document.add(field.column + " AS " + name);
          columns.append(", ").append(name);
        }
        case VECTOR -> {
          found = lookUp(field.column + " AS " + name, embeddingOfHit(), "hit_embedding");
          columns.append(", ").append(name);
        }
      }
    }
    if (shape.marks()) {
      if (!shape.select().contains(ReturnField.TEXT)) {
        document.add("d.mime_type");
      }
      chunk.add(withoutMarks(chunkText()) + " AS unmarked");
      bytes.add(
          "octet_length(c.text) + least(%s, octet_length(%s))"
              .formatted(HTML_BYTES * shape.markedCharacters(), escaped("c.text")));
      columns.append(", ").append(ifShort(shape.analyzed() ? "unmarked" : marked()));
    }
    var parts = new StringBuilder();
    if (shape.expand() != null) {
      parts
          .append(", adjacent_ordinals, adjacent_starts, ")
          .append(ifShort("adjacent_texts"))
          .append(" AS adjacent_texts");
    }
    (ofChunk ? chunk : document).add((bytes.length() == 0 ? "0" : bytes) + " AS hit_bytes");
    for (int boost = 0; boost < shape.boosts().size(); boost++) {
      document.add(shape.boosts().get(boost) + " AS boost_" + boost);
      parts.append(", boost_").append(boost);
    }
    if (!shape.boosts().isEmpty()) {
      placeholder(Placeholder.BOOSTS);
    }
    if (shape.isMerge()) {
      document.add("d.id AS document_id");
    }
    found =
        "best b"
            + lookUp(document.toString(), documentOfHit(), "hit_document")
            + (shape.expand() == null
                ? ""
                : lookUp("*", adjacentChunks(shape.expand()), "hit_adjacent"))
            + (ofChunk ? lookUp(chunk.toString(), chunkOfHit(), "hit_chunk") : "")
            + found;
    if (shape.explained() && shape.mode() == Mode.HYBRID) {
      parts.append(", vector_key, vector_rank, vector_gain, words_key, words_rank, words_gain");
      found +=
          lookUp(
              "r.*",
              "ranked r WHERE r.document_id = b.document_id AND r.ordinal = b.ordinal",
              "hit_fusion");
    }
    if (shape.explained() && shape.scoresWords()) {
      parts
          .append(", words_length, words_counts, words_scores")
          .append(shape.weighsTitles() ? ", words_in_title" : "");
      found += lookUp("*", matching.parts(chunkOfHit()), "hit_words");
    }
    return "SELECT "
        + (shape.needsCount() ? "f.rows" : "0::bigint")
        + ", external_id, b.ordinal, b.key"
        + columns
        + ", "
        + hitBytes()
        + (shape.mode() == Mode.VECTOR
            ? ""
            : shape.isMerge() ? ", true, false" : ", f.exact, f.more")
        + parts
        + "\n  FROM "
        + (shape.needsCount() ? "found f\n  LEFT JOIN (" + found + ") ON true" : found)
        + "\n ORDER BY b.top, b.document_id, b.key, b.ordinal";
  }

  private String ifShort(String text) {
    return "CASE WHEN " + hitBytes() + " <= " + shape.maxBytes() + " THEN " + text + " END";
  }

  /// The bytes of what is returned of a hit and of the chunks around it.
  private String hitBytes() {
    return shape.expand() == null ? "hit_bytes" : "hit_bytes + adjacent_bytes";
  }

  private static String alias(ReturnField field) {
    return "hit_" + field.name().toLowerCase(Locale.ROOT);
  }

  /// Looks up the row of each hit by its primary key. `OFFSET 0` enforces this: the planner
  /// otherwise may read a whole table, because disabled sorts hide the difference in cost.
  private String lookUp(String columns, String row, String alias) {
    return "\n  CROSS JOIN LATERAL (SELECT %s FROM %s%s) %s"
        .formatted(columns, row, shape.isMerge() ? "" : " OFFSET 0", alias);
  }

  /// The id of the document of a hit. On the shards, it has to be the one that is stored there.
  private String idOfHit() {
    return shape.isMerge() ? "hit_document.document_id" : "b.document_id";
  }

  private String documentOfHit() {
    return "%s d WHERE d.collection_id = %s AND d.id = b.document_id"
        .formatted(space.documentTable(), space.collectionId());
  }

  /// The chunks around a hit, and the hit itself.
  private String adjacentChunks(Expand expand) {
    return """
    (SELECT array_agg(c.text ORDER BY c.ordinal) AS adjacent_texts,
            array_agg(c.ordinal ORDER BY c.ordinal) AS adjacent_ordinals,
            array_agg(c.start_offset ORDER BY c.ordinal) AS adjacent_starts,
            COALESCE(sum(octet_length(c.text)), 0) AS adjacent_bytes
       FROM %s c
      WHERE c.collection_id = %s AND c.document_id = %s
        AND c.ordinal BETWEEN b.ordinal - %s AND b.ordinal + %s%s) n\
    """
        .formatted(
            space.chunkTable(),
            space.collectionId(),
            idOfHit(),
            expand.before(),
            expand.after(),
            shape.isMerge() ? " GROUP BY c.document_id" : "");
  }

  private String chunkOfHit() {
    return "%s c WHERE c.collection_id = %s AND c.document_id = %s AND c.ordinal = b.ordinal"
        .formatted(space.chunkTable(), space.collectionId(), idOfHit());
  }

  private String embeddingOfHit() {
    return "%s v WHERE v.space_id = %s AND v.document_id = %s AND v.ordinal = b.ordinal"
        .formatted(space.embeddingTable(), space.id(), idOfHit());
  }

  /// The text of a chunk without the white space that surrounds it in the document. A chunk that
  /// the client sent is returned to the letter, without the line feed that is stored after each but
  /// the last.
  private String chunkText() {
    return """
    CASE WHEN hit_document.mime_type <> 'application/json' THEN btrim(c.text, %s)
                WHEN c.text LIKE E'%%\\n'
                 AND EXISTS (SELECT 1 FROM %s n
                              WHERE n.collection_id = %s AND n.document_id = c.document_id AND n.ordinal = c.ordinal + 1)
                THEN left(c.text, -1) ELSE c.text END\
    """
        .formatted(WHITE_SPACE, space.chunkTable(), space.collectionId());
  }

  /// A text with HTML's special characters as entities.
  private static String escaped(String column) {
    String expression = column;
    for (Map.Entry<String, String> entity : ENTITIES) {
      expression =
          "replace(%s, '%s', '%s')".formatted(expression, entity.getKey(), entity.getValue());
    }
    return expression;
  }

  /// A text of equal length that does not contain the marks.
  private static String withoutMarks(String text) {
    return "translate(%s, %s, '\uFFFD\uFFFD')".formatted(text, MARKS);
  }

  /// The text of a hit with marks around its words. A headline leaves out tokens of
  /// [#MAX_TOKEN_BYTES] and more; if there is such a token, the others are marked one by one.
  private String marked() {
    return """
    (SELECT CASE WHEN translate(whole, %s, '') = unmarked THEN whole
                 ELSE (SELECT string_agg(CASE WHEN octet_length(token) < %s THEN %s ELSE token END, '' ORDER BY place)
                         FROM ts_parse((SELECT cfgparser FROM pg_ts_config WHERE oid = '%s'::regconfig), unmarked)
                              WITH ORDINALITY AS parsed(type, token, place)
                        WHERE type NOT IN (%s)) END
       FROM (SELECT %s AS whole OFFSET 0) headline)\
    """
        .formatted(
            MARKS,
            MAX_TOKEN_BYTES,
            headline("token"),
            shape.language(),
            COMPOUND_TYPES,
            headline("unmarked"));
  }

  private String headline(String text) {
    return "ts_headline('%s', %s, %s, 'HighlightAll=true, StartSel=%s, StopSel=%s')"
        .formatted(shape.language(), text, matching.marked(), MarkedText.START, MarkedText.STOP);
  }
}

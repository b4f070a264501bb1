package dev.sheaf.search;

import dev.sheaf.embedding.Space;
import dev.sheaf.filter.FilterSql;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the [SearchText] of a search depends on. Searches of one shape differ only in their
/// parameters.
///
/// @param match of a search for words; `null` in a vector search
/// @param words whether there is a word, with [WordMatch#ANY] a rare one, to search for
/// @param frequentWords whether there are frequent words to search for
/// @param synonyms whether a word stands for several
/// @param weighsTitles whether words of titles count more or less than others
/// @param bm25 the parameters of the collection
/// @param depth of each list of a hybrid search, before they are merged
/// @param select in the order of the columns
/// @param filter condition on documents; `null` for all
/// @param excluding whether some documents must not be hits
/// @param marks whether the words of the text are marked
/// @param analyzed whether the service analyzes the texts, so that it marks the words itself
/// @param conditioned whether what the text demands is given as a tsquery
/// @param markedCharacters of parts with marked words, for which memory is needed
/// @param expand which chunks around a hit are returned; `null` for none
/// @param boosts the values of fields that boost a hit
/// @param explained whether the parts of the score of each hit are returned
/// @param maxBytes the texts of a hit are NULL if they have together more than this many bytes
record SearchShape(
    Space space,
    SearchPlan plan,
    Mode mode,
    @Nullable WordMatch match,
    boolean words,
    boolean frequentWords,
    boolean synonyms,
    boolean weighsTitles,
    Bm25 bm25,
    int limit,
    int offset,
    boolean grouped,
    int groupSize,
    Fusion fusion,
    int depth,
    List<ReturnField> select,
    boolean marks,
    long markedCharacters,
    boolean analyzed,
    boolean conditioned,
    @Nullable Expand expand,
    List<String> boosts,
    boolean explained,
    String language,
    @Nullable String filter,
    boolean excluding,
    long maxBytes) {

  static SearchShape of(Query query, SearchPlan plan, long maxBytes) {
    SearchRequest request = query.request();
    FilterSql predicate = query.predicate();
    WordMatch match = request.mode() == Mode.VECTOR ? null : request.match();
    boolean any = match == WordMatch.ANY;
    return new SearchShape(
        query.space(),
        plan,
        request.mode(),
        match,
        any ? !query.words().rare().isEmpty() : !query.words().isEmpty(),
        any && !query.words().frequent().isEmpty(),
        query.words().hasSynonyms(),
        request.weights().weighsTitles(),
        query.words().bm25(),
        query.limit(),
        query.offset(),
        query.grouped(),
        request.groupSize(),
        request.hybrid(),
        request.hybrid().depth(),
        List.copyOf(request.select()),
        request.marksWords(),
        request.passages() == null ? 0 : request.passages().characters(),
        query.words().analyzed() != null,
        query.words().condition() != null,
        request.expand(),
        request.boost().stream().map(boost -> boost.sql().sql()).toList(),
        request.explain() && (request.mode() == Mode.HYBRID || any || match == WordMatch.ALL),
        query.language(),
        predicate == null ? null : predicate.sql(),
        !query.excluded().isEmpty(),
        maxBytes);
  }

  SearchShape withMaxBytes(long bytes) {
    return with(plan, bytes);
  }

  /// The merge of what the shards have ranked.
  SearchShape merging() {
    return with(new SearchPlan.Merge(), maxBytes);
  }

  private SearchShape with(SearchPlan other, long bytes) {
    return new SearchShape(
        space,
        other,
        mode,
        match,
        words,
        frequentWords,
        synonyms,
        weighsTitles,
        bm25,
        limit,
        offset,
        grouped,
        groupSize,
        fusion,
        depth,
        select,
        marks,
        markedCharacters,
        analyzed,
        conditioned,
        expand,
        boosts,
        explained,
        language,
        filter,
        excluding,
        bytes);
  }

  /// Whether shards have ranked the chunks already.
  boolean isMerge() {
    return plan instanceof SearchPlan.Merge;
  }

  /// Whether [Bm25] scores the chunks.
  boolean scored() {
    return match == WordMatch.ANY || match == WordMatch.ALL;
  }

  /// Whether there are words to score.
  boolean scoresWords() {
    return scored() && (words || frequentWords);
  }

  /// Whether the planner needs the number of rows. It does not in an index scan of a vector search,
  /// where it counts the hits.
  boolean needsCount() {
    return !isMerge() && (!(plan instanceof SearchPlan.IndexScan) || mode != Mode.VECTOR);
  }
}

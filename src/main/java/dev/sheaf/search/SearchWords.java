package dev.sheaf.search;

import dev.sheaf.analysis.Lexemes;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The words of a query, and what a collection knows about them.
///
/// The candidates of [WordMatch#ANY] are the chunks that contain a rare word, and only if these are
/// not enough, those with the other words. Of a chunk that is found, all words count.
///
/// @param words different words, the rarest first
/// @param ignored number of different words of the text beyond [#MAX]
/// @param chunks number of chunks of the collection, which may be an estimate
/// @param meanLength mean number of positions in the tsvector of a chunk, at least 1
/// @param analyzed the text, if the service analyzes the texts of the collection
/// @param condition a tsquery for what [WordMatch#ALL] or [WordMatch#QUERY] demands, empty if the
///   text has no words; `null` if PostgreSQL finds it
/// @param bm25 the parameters of the collection
record SearchWords(
    List<Word> words,
    int ignored,
    double chunks,
    double meanLength,
    @Nullable AnalyzedQuery analyzed,
    @Nullable String condition,
    Bm25 bm25) {

  /// Number of different words of a text that are searched.
  static final int MAX = 64;

  /// As many chunks are always ranked. With more, a search takes longer than a few milliseconds.
  private static final int MAX_RANKED = 4_000;

  static final SearchWords NONE = new SearchWords(List.of(), 0, 0, 1, null, null, Bm25.DEFAULT);

  /// A word as the text search configuration writes it.
  ///
  /// @param chunks number of chunks that contain it, which may be an estimate
  /// @param times how often the text contains it
  /// @param counted the number of chunks that its weight depends on, which is smaller if it has
  ///   synonyms
  /// @param weight its part of the score of a chunk is less than this
  /// @param synonyms tsqueries, each for one word or phrase, whose occurrences count as those of
  ///   this word; itself if it has no synonyms
  record Word(
      String lexeme,
      double chunks,
      int times,
      double counted,
      double weight,
      List<String> synonyms) {

    Word(String lexeme, double chunks, double weight) {
      this(lexeme, chunks, 1, chunks, weight, List.of(Lexemes.quoted(lexeme)));
    }

    /// A word with its weight in `all` chunks.
    static Word of(
        String lexeme,
        double chunks,
        int times,
        double counted,
        double all,
        List<String> synonyms) {
      return new Word(lexeme, chunks, times, counted, times * Bm25.weight(all, counted), synonyms);
    }

    /// A tsquery.
    String query() {
      return synonyms.size() == 1
          ? synonyms.getFirst()
          : synonyms.stream().collect(Collectors.joining(" | ", "(", ")"));
    }
  }

  SearchWords {
    words =
        words.stream()
            .sorted(Comparator.comparingDouble(Word::chunks).thenComparing(Word::lexeme))
            .toList();
  }

  /// A text whose words need no statistics.
  static SearchWords of(@Nullable AnalyzedQuery analyzed, @Nullable String condition) {
    int ignored = analyzed == null ? 0 : analyzed.ignored();
    return new SearchWords(List.of(), ignored, 0, 1, analyzed, condition, Bm25.DEFAULT);
  }

  /// The words of one text in several collections. Each has the weight that it has if all of the
  /// collections are one: scores are comparable then. How many chunks of a collection contain it
  /// stays as it is.
  static List<SearchWords> together(List<SearchWords> collections) {
    double all = collections.stream().mapToDouble(SearchWords::chunks).sum();
    double length = collections.stream().mapToDouble(each -> each.chunks * each.meanLength).sum();
    double meanLength = all == 0 ? 1 : length / all;
    Map<String, Double> counted =
        collections.stream()
            .flatMap(each -> each.words.stream())
            .collect(Collectors.groupingBy(Word::lexeme, Collectors.summingDouble(Word::counted)));
    return collections.stream()
        .map(each ->
            new SearchWords(
                each.words.stream()
                    .map(word ->
                        Word.of(
                            word.lexeme,
                            word.chunks,
                            word.times,
                            Objects.requireNonNull(counted.get(word.lexeme)),
                            all,
                            word.synonyms))
                    .toList(),
                each.ignored,
                each.chunks,
                meanLength,
                each.analyzed,
                each.condition,
                each.bm25))
        .toList();
  }

  boolean isEmpty() {
    return words.isEmpty();
  }

  /// The rarest words, which together at most [#MAX_RANKED] chunks contain.
  List<Word> rare() {
    return words.subList(0, numberOfRare());
  }

  /// The other words.
  List<Word> frequent() {
    return words.subList(numberOfRare(), words.size());
  }

  private int numberOfRare() {
    double chunks = 0;
    int number = 0;
    while (number < words.size() && chunks + words.get(number).chunks() <= MAX_RANKED) {
      chunks += words.get(number).chunks();
      number++;
    }
    return number;
  }

  /// No chunk without a rare word has such a score.
  double maxScoreOfFrequent() {
    return frequent().stream().mapToDouble(Word::weight).sum();
  }

  /// The score of a chunk of mean length that contains each word once.
  double scoreOfAll() {
    return bm25.scoreOfOnce(words.stream().mapToDouble(Word::weight).sum());
  }

  /// A tsquery for chunks that contain several of the frequent words: two, or all if too many
  /// chunks contain two.
  String severalFrequent() {
    List<Word> frequent = frequent();
    if (frequent.size() < 2 || pairs(frequent) > MAX_RANKED) {
      return all(frequent);
    }
    StringBuilder query = new StringBuilder();
    for (int first = 0; first + 1 < frequent.size(); first++) {
      query
          .append(first == 0 ? "" : " | ")
          .append(frequent.get(first).query())
          .append(" & (")
          .append(any(frequent.subList(first + 1, frequent.size())))
          .append(")");
    }
    return query.toString();
  }

  /// The expected number of chunks for each pair of words, if the words were independent.
  private double pairs(List<Word> several) {
    double pairs = 0;
    for (int first = 0; first < several.size(); first++) {
      for (int second = first + 1; second < several.size(); second++) {
        pairs += several.get(first).chunks() * several.get(second).chunks() / Math.max(1, chunks);
      }
    }
    return pairs;
  }

  /// A tsquery for chunks that contain all words.
  String all() {
    return condition == null ? all(words) : condition;
  }

  static String any(List<Word> words) {
    return words.stream().map(Word::query).collect(Collectors.joining(" | "));
  }

  private static String all(List<Word> words) {
    return words.stream().map(Word::query).collect(Collectors.joining(" & "));
  }

  /// Whether a word stands for others than itself, or for a phrase.
  boolean hasSynonyms() {
    return words.stream()
        .anyMatch(word -> !word.synonyms().equals(List.of(Lexemes.quoted(word.lexeme()))));
  }

  /// A tsquery for each synonym of each word.
  String[] queries() {
    return words.stream().flatMap(word -> word.synonyms().stream()).toArray(String[]::new);
  }

  /// The weight of the word of each of the [#queries].
  Double[] weights() {
    return words.stream()
        .flatMap(word -> word.synonyms().stream().map(_ -> word.weight()))
        .toArray(Double[]::new);
  }

  /// The number of the word of each of the [#queries], from 1.
  Integer[] numbers() {
    return IntStream.range(0, words.size())
        .boxed()
        .flatMap(number -> words.get(number).synonyms().stream().map(_ -> number + 1))
        .toArray(Integer[]::new);
  }
}

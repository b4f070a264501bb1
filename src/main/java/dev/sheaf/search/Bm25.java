package dev.sheaf.search;

import dev.sheaf.collection.CollectionSettings;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The score of a chunk for words: the sum over the words of `ln(1 + (N - n + 0.5) / (n + 0.5)) * f
/// / (f + k1 * (1 - b + b * length / mean))`, where `n` of `N` chunks contain the word, and the
/// chunk contains it `f` times.
///
/// S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond, 2009, in the
/// form of Lucene's `BM25Similarity`, which leaves out the constant factor `k1 + 1`.
///
/// The length of a chunk is the number of positions that its tsvector stores. PostgreSQL has no
/// function for it, or for `f`, but `ts_rank` depends on nothing else. With all weights 1, it is
/// `sum of 1 / i² for i = 1 to f`, divided by [#RANK_LIMIT], and with the option 2 also by the
/// length. Both are computed by C code and without reading the other words.
///
/// If a search weighs titles, `f` is the number of occurrences in the text, plus the weight times
/// the number of those in the title: BM25F, with the same normalisation of lengths for both fields.
/// S. Robertson, H. Zaragoza, M. Taylor: Simple BM25 Extension to Multiple Weighted Fields, 2004.
/// The positions of the title have the label `A`.
///
/// @param k1 how much it counts that a chunk contains a word often, greater than 0
/// @param b how much it counts that a chunk is longer than others, 0 to 1
record Bm25(double k1, double b) {

  /// Lucene's.
  static final Bm25 DEFAULT = new Bm25(1.2, 0.75);

  /// The limit of `sum of 1 / i²`, π²/6, as `ts_rank` rounds it.
  private static final String RANK_LIMIT = "1.64493406685";

  private static final String WEIGHTS = "'{1,1,1,1}'";

  /// A word that is in no text, because a word contains no space. It is added to a chunk once, so
  /// that its rank is known.
  private static final String MARKER = "''' '''";

  /// The parameters of a collection.
  static Bm25 of(CollectionSettings.@Nullable Bm25Parameters parameters) {
    return parameters == null
        ? DEFAULT
        : new Bm25(
            Objects.requireNonNullElse(parameters.k1(), DEFAULT.k1),
            Objects.requireNonNullElse(parameters.b(), DEFAULT.b));
  }

  /// The weight of a word that `with` of `chunks` chunks contain. It is never negative.
  static double weight(double chunks, double with) {
    return Math.log1p((Math.max(chunks, with) - with + 0.5) / (with + 0.5));
  }

  /// An SQL expression for a tsvector with the marker. It also has the tsvector decompressed once
  /// for all of the other expressions.
  static String marked(String search) {
    return search + " || ''' '':1'::tsvector";
  }

  /// An SQL expression for `k1 * (1 - b + b * length / mean)`.
  String norm(String length, String mean) {
    return "%s * (%s + %s * %s / %s)".formatted(k1, 1 - b, b, length, mean);
  }

  /// The score of a chunk of mean length that contains words once.
  ///
  /// @param weights their sum
  double scoreOfOnce(double weights) {
    return weights / (1 + k1);
  }

  /// An SQL expression for the number of positions in a tsvector with the marker.
  static String length(String marked) {
    return "(round(1 / (%s * ts_rank(%s, %s, %s, 2)::float8)) - 1)"
        .formatted(RANK_LIMIT, WEIGHTS, marked, MARKER);
  }

  /// An SQL expression for how often a tsvector contains a word. With `r` for the sum of `1 / i²`
  /// up to `f`, it is the nearest whole number to `1 / (π²/6 - r) - 1/2`.
  ///
  /// @param query an expression for a tsquery of one word
  static String frequency(String search, String query) {
    return "round(1 / (%s * (1 - ts_rank(%s, %s, %s)::float8)) - 0.5)"
        .formatted(RANK_LIMIT, WEIGHTS, search, query);
  }

  /// An SQL expression for the part of a tsvector that is the title's.
  static String title(String search) {
    return "ts_filter(%s, '{a}')".formatted(search);
  }
}

package dev.sheaf.analysis;

import com.ibm.icu.text.FilteredNormalizer2;
import com.ibm.icu.text.Normalizer2;
import com.ibm.icu.text.UnicodeSet;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.icu.ICUFoldingFilter;
import org.apache.lucene.analysis.icu.ICUNormalizer2Filter;
import org.apache.lucene.analysis.icu.segmentation.DefaultICUTokenizerConfig;
import org.apache.lucene.analysis.icu.segmentation.ICUTokenizer;
import org.apache.lucene.analysis.miscellaneous.ConditionalTokenFilter;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterIterator;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionIncrementAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionLengthAttribute;
import org.apache.lucene.analysis.tokenattributes.TypeAttribute;
import org.apache.lucene.analysis.tr.TurkishLowerCaseFilter;
import org.jspecify.annotations.Nullable;

/// Finds the words of texts with Lucene's analyzers, in any script:
///
/// 1. ICU's rules and dictionaries divide a text. Chinese, Japanese and Korean become overlapping
///    pairs of characters, and in documents also single ones.
/// 2. Identifiers, paths and versions are words as a whole, and their parts are words too.
/// 3. Stop words of the language are left out, and the others are reduced to their stems.
/// 4. Case, accents and width are folded. Vowel signs and marks of scripts that need them stay.
public final class TextAnalyzer {

  /// Longer words are left out. In characters of UTF-16, which are at most three bytes each.
  public static final int MAX_LENGTH = 255;

  private static final int SPLIT =
      WordDelimiterGraphFilter.GENERATE_WORD_PARTS
          | WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS
          | WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE
          | WordDelimiterGraphFilter.STEM_ENGLISH_POSSESSIVE;

  /// The scripts that are also written without their accents or points. The marks of Japanese,
  /// which scripts have in common, change the sound.
  private static final String FOLDED =
      "[[:sc=Latin:][:sc=Greek:][:sc=Cyrillic:][:sc=Arabic:][:sc=Hebrew:][:sc=Common:][:sc=Inherited:]-[\\u3000-\\u30ff]]";

  private static final ConcurrentMap<Language, TextAnalyzer> ANALYZERS = new ConcurrentHashMap<>();

  private final Language language;

  /// Chains for reuse, because a new one takes longer than a short text.
  private final BlockingQueue<Chain> idle =
      new ArrayBlockingQueue<>(Runtime.getRuntime().availableProcessors());

  private TextAnalyzer(Language language) {
    this.language = language;
  }

  /// The analyzer for a language, by the name of PostgreSQL's text search configuration for it. It
  /// is made when a collection needs it, because the data of all languages take 20 MB.
  public static Optional<TextAnalyzer> of(String language) {
    return Language.names().contains(language)
        ? Optional.of(
            ANALYZERS.computeIfAbsent(
                Language.valueOf(language.toUpperCase(Locale.ROOT)), TextAnalyzer::new))
        : Optional.empty();
  }

  /// The languages, in alphabetical order.
  public static List<String> languages() {
    return Language.names();
  }

  /// Finds the words of a text of a document, in order.
  public void words(String text, Consumer<TextWord> words) {
    analyze(text, words);
  }

  /// Finds the words of a query, in order. Unlike those of a document, pairs of characters come
  /// without the single ones.
  public void wordsOfQuery(String text, Consumer<TextWord> words) {
    var pairs = new WithoutSingleCharacters(words);
    analyze(text, pairs);
    pairs.finish();
  }

  private void analyze(String text, Consumer<TextWord> words) {
    Chain chain = idle.poll();
    if (chain == null) {
      chain = new Chain(language);
    }
    try {
      chain.analyze(text, words);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    idle.offer(chain);
  }

  /// Leaves out each character that is in a pair, at the position of the pair or at the next one.
  private static final class WithoutSingleCharacters implements Consumer<TextWord> {

    private final Consumer<TextWord> words;
    private @Nullable TextWord single;
    private int lastPair;

    WithoutSingleCharacters(Consumer<TextWord> words) {
      this.words = words;
    }

    @Override
    public void accept(TextWord word) {
      switch (word.kind()) {
        case CHARACTER -> {
          finish();
          single = lastPair > 0 && word.position() == lastPair + 1 ? null : word;
        }
        case PAIR -> {
          single = single != null && single.position() == word.position() ? null : single;
          finish();
          lastPair = word.position();
          words.accept(word);
        }
        case WORD -> {
          finish();
          words.accept(word);
        }
      }
    }

    void finish() {
      if (single != null) {
        words.accept(single);
        single = null;
      }
    }
  }

  /// A tokenizer and its filters, for one text at a time.
  private static final class Chain {

    private final Tokenizer tokenizer;
    private final IdentifierFilter identifiers;
    private final TokenStream words;

    Chain(Language language) {
      tokenizer = new ICUTokenizer(new DefaultICUTokenizerConfig(false, true));
      identifiers = new IdentifierFilter(new PartsOfWords(tokenizer));
      TokenStream stream =
          language == Language.TURKISH ? new TurkishLowerCaseFilter(identifiers) : identifiers;
      stream = new ICUNormalizer2Filter(stream, Normalizer2.getNFKCCasefoldInstance());
      stream = new CJKBigramFilter(stream, 0xff, true);
      stream = new StopFilter(stream, language.stopWords());
      stream =
          new ICUNormalizer2Filter(
              language.stem(stream),
              new FilteredNormalizer2(
                  ICUFoldingFilter.NORMALIZER, new UnicodeSet(FOLDED).freeze()));
      words = new LengthFilter(stream, 1, MAX_LENGTH);
    }

    void analyze(String text, Consumer<TextWord> found) throws IOException {
      var term = words.addAttribute(CharTermAttribute.class);
      var offset = words.addAttribute(OffsetAttribute.class);
      var increment = words.addAttribute(PositionIncrementAttribute.class);
      var length = words.addAttribute(PositionLengthAttribute.class);
      var type = words.addAttribute(TypeAttribute.class);
      tokenizer.setReader(new StringReader(text));
      identifiers.setText(text);
      words.reset();
      int position = 0;
      while (words.incrementToken()) {
        position += increment.getPositionIncrement();
        found.accept(
            new TextWord(
                term.toString(),
                switch (type.type()) {
                  case CJKBigramFilter.SINGLE_TYPE -> TextWord.Kind.CHARACTER;
                  case CJKBigramFilter.DOUBLE_TYPE -> TextWord.Kind.PAIR;
                  default -> TextWord.Kind.WORD;
                },
                position,
                length.getPositionLength(),
                offset.startOffset(),
                offset.endOffset()));
      }
      words.end();
      words.close();
      identifiers.setText("");
    }
  }

  /// Divides words where the case changes, and at punctuation inside of them.
  private static final class PartsOfWords extends ConditionalTokenFilter {

    private final TypeAttribute type = addAttribute(TypeAttribute.class);

    PartsOfWords(TokenStream words) {
      super(
          words,
          one ->
              new WordDelimiterGraphFilter(
                  one, true, WordDelimiterIterator.DEFAULT_WORD_DELIM_TABLE, SPLIT, null));
    }

    @Override
    protected boolean shouldFilter() {
      return "<ALPHANUM>".equals(type.type()) || "<NUM>".equals(type.type());
    }
  }
}

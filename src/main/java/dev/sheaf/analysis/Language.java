package dev.sheaf.analysis;

import java.lang.Character.UnicodeScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.ca.CatalanAnalyzer;
import org.apache.lucene.analysis.da.DanishAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.de.GermanLightStemFilter;
import org.apache.lucene.analysis.de.GermanNormalizationFilter;
import org.apache.lucene.analysis.el.GreekAnalyzer;
import org.apache.lucene.analysis.el.GreekLowerCaseFilter;
import org.apache.lucene.analysis.el.GreekStemFilter;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.es.SpanishLightStemFilter;
import org.apache.lucene.analysis.eu.BasqueAnalyzer;
import org.apache.lucene.analysis.fi.FinnishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.ga.IrishAnalyzer;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.hu.HungarianAnalyzer;
import org.apache.lucene.analysis.hy.ArmenianAnalyzer;
import org.apache.lucene.analysis.id.IndonesianAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.it.ItalianLightStemFilter;
import org.apache.lucene.analysis.lt.LithuanianAnalyzer;
import org.apache.lucene.analysis.ne.NepaliAnalyzer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.no.NorwegianAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseLightStemFilter;
import org.apache.lucene.analysis.ro.RomanianAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.sr.SerbianAnalyzer;
import org.apache.lucene.analysis.sv.SwedishAnalyzer;
import org.apache.lucene.analysis.ta.TamilAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.ArmenianStemmer;
import org.tartarus.snowball.ext.BasqueStemmer;
import org.tartarus.snowball.ext.CatalanStemmer;
import org.tartarus.snowball.ext.DanishStemmer;
import org.tartarus.snowball.ext.DutchStemmer;
import org.tartarus.snowball.ext.EnglishStemmer;
import org.tartarus.snowball.ext.FinnishStemmer;
import org.tartarus.snowball.ext.HindiStemmer;
import org.tartarus.snowball.ext.HungarianStemmer;
import org.tartarus.snowball.ext.IndonesianStemmer;
import org.tartarus.snowball.ext.IrishStemmer;
import org.tartarus.snowball.ext.LithuanianStemmer;
import org.tartarus.snowball.ext.NepaliStemmer;
import org.tartarus.snowball.ext.NorwegianStemmer;
import org.tartarus.snowball.ext.RomanianStemmer;
import org.tartarus.snowball.ext.RussianStemmer;
import org.tartarus.snowball.ext.SerbianStemmer;
import org.tartarus.snowball.ext.SwedishStemmer;
import org.tartarus.snowball.ext.TamilStemmer;
import org.tartarus.snowball.ext.TurkishStemmer;
import org.tartarus.snowball.ext.YiddishStemmer;

/// The stop words and the stemmer of a language, as in Lucene's own analyzer for it. The names are
/// those of PostgreSQL's text search configurations.
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
enum Language {
  ARABIC(
      UnicodeScript.ARABIC,
      ArabicAnalyzer::getDefaultStopSet,
      words -> new ArabicStemFilter(new ArabicNormalizationFilter(words))),
  ARMENIAN(
      UnicodeScript.ARMENIAN, ArmenianAnalyzer::getDefaultStopSet, snowball(ArmenianStemmer::new)),
  BASQUE(BasqueAnalyzer::getDefaultStopSet, snowball(BasqueStemmer::new)),
  CATALAN(CatalanAnalyzer::getDefaultStopSet, snowball(CatalanStemmer::new)),
  DANISH(DanishAnalyzer::getDefaultStopSet, snowball(DanishStemmer::new)),
  DUTCH(DutchAnalyzer::getDefaultStopSet, snowball(DutchStemmer::new)),
  ENGLISH(EnglishAnalyzer::getDefaultStopSet, snowball(EnglishStemmer::new)),
  FINNISH(FinnishAnalyzer::getDefaultStopSet, snowball(FinnishStemmer::new)),
  FRENCH(FrenchAnalyzer::getDefaultStopSet, FrenchLightStemFilter::new),
  GERMAN(
      GermanAnalyzer::getDefaultStopSet,
      words -> new GermanLightStemFilter(new GermanNormalizationFilter(words))),
  GREEK(
      UnicodeScript.GREEK,
      GreekAnalyzer::getDefaultStopSet,
      words -> new GreekStemFilter(new GreekLowerCaseFilter(words))),
  HINDI(UnicodeScript.DEVANAGARI, HindiAnalyzer::getDefaultStopSet, snowball(HindiStemmer::new)),
  HUNGARIAN(HungarianAnalyzer::getDefaultStopSet, snowball(HungarianStemmer::new)),
  INDONESIAN(IndonesianAnalyzer::getDefaultStopSet, snowball(IndonesianStemmer::new)),
  IRISH(IrishAnalyzer::getDefaultStopSet, snowball(IrishStemmer::new)),
  ITALIAN(ItalianAnalyzer::getDefaultStopSet, ItalianLightStemFilter::new),
  LITHUANIAN(LithuanianAnalyzer::getDefaultStopSet, snowball(LithuanianStemmer::new)),
  NEPALI(UnicodeScript.DEVANAGARI, NepaliAnalyzer::getDefaultStopSet, snowball(NepaliStemmer::new)),
  NORWEGIAN(NorwegianAnalyzer::getDefaultStopSet, snowball(NorwegianStemmer::new)),
  PORTUGUESE(PortugueseAnalyzer::getDefaultStopSet, PortugueseLightStemFilter::new),
  ROMANIAN(RomanianAnalyzer::getDefaultStopSet, snowball(RomanianStemmer::new)),
  RUSSIAN(
      UnicodeScript.CYRILLIC, RussianAnalyzer::getDefaultStopSet, snowball(RussianStemmer::new)),
  SERBIAN(
      UnicodeScript.CYRILLIC, SerbianAnalyzer::getDefaultStopSet, snowball(SerbianStemmer::new)),
  SIMPLE(() -> CharArraySet.EMPTY_SET, UnaryOperator.identity()),
  SPANISH(SpanishAnalyzer::getDefaultStopSet, SpanishLightStemFilter::new),
  SWEDISH(SwedishAnalyzer::getDefaultStopSet, snowball(SwedishStemmer::new)),
  TAMIL(UnicodeScript.TAMIL, TamilAnalyzer::getDefaultStopSet, snowball(TamilStemmer::new)),
  TURKISH(TurkishAnalyzer::getDefaultStopSet, snowball(TurkishStemmer::new)),
  YIDDISH(UnicodeScript.HEBREW, () -> CharArraySet.EMPTY_SET, snowball(YiddishStemmer::new));

  /// The most frequent languages of other scripts than Latin.
  private static final List<Language> OF_SCRIPTS = List.of(ARABIC, GREEK, HINDI, RUSSIAN);

  private final UnicodeScript script;
  private final Supplier<CharArraySet> stopWords;
  private final UnaryOperator<TokenStream> stemmer;

  Language(Supplier<CharArraySet> stopWords, UnaryOperator<TokenStream> stemmer) {
    this(UnicodeScript.LATIN, stopWords, stemmer);
  }

  Language(
      UnicodeScript script, Supplier<CharArraySet> stopWords, UnaryOperator<TokenStream> stemmer) {
    this.script = script;
    this.stopWords = stopWords;
    this.stemmer = stemmer;
  }

  private static UnaryOperator<TokenStream> snowball(Supplier<SnowballStemmer> stemmer) {
    return words -> new SnowballFilter(words, stemmer.get());
  }

  /// Lowercase, normalized words.
  CharArraySet stopWords() {
    return stopWords.get();
  }

  /// Reduces words to their stems. Words of other scripts are reduced by the most frequent language
  /// of their script. A stemmer does not change words of other scripts than its own.
  TokenStream stem(TokenStream words) {
    TokenStream stems = stemmer.apply(words);
    for (Language other : others()) {
      stems = other.stemmer.apply(stems);
    }
    return stems;
  }

  private List<Language> others() {
    return this == SIMPLE
        ? List.of()
        : OF_SCRIPTS.stream().filter(other -> other.script != script).toList();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  static List<String> names() {
    var names = new ArrayList<String>();
    for (Language language : values()) {
      names.add(language.toString());
    }
    return names;
  }
}

package dev.sheaf.transfer;

import dev.sheaf.runtime.NativeExecutable;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.tika.detect.AutoDetectReader;
import org.apache.tika.exception.EncryptedDocumentException;
import org.apache.tika.exception.TikaException;
import org.apache.tika.exception.WriteLimitReachedException;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.parser.html.JSoupParser;
import org.apache.tika.parser.pdf.PDFParser;
import org.apache.tika.parser.pdf.PDFParserConfig;
import org.apache.tika.sax.BodyContentHandler;
import org.jspecify.annotations.Nullable;
import org.xml.sax.SAXException;

/// Reads the text of a file: plain text and Markdown unchanged, the visible text of HTML and PDF
/// with Apache Tika.
///
/// Files are not trusted, so the size of the file, the time and the length of the text are limited.
/// A parser that does not end in time keeps its thread, which ends with the process.
final class TextReader {

  private static final long MAX_BYTES = 100_000_000;

  /// With three bytes per character, the line is still short enough for the service.
  private static final int MAX_CHARACTERS = 3_000_000;

  /// Less than the idle timeout of an upload in the service.
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static final Pattern HEADING =
      Pattern.compile("\\A\\s*# +(.+?)\\s*#*\\s*$", Pattern.MULTILINE);

  /// Characters that PostgreSQL cannot store. PDF files with damaged fonts often contain them.
  private static final Pattern UNSTORABLE = Pattern.compile("[\\x00\\p{Cs}]");

  private static final Pattern SPACES = Pattern.compile("[ \\t\\r\\x{a0}]+");
  private static final Pattern LINE_ENDS = Pattern.compile(" ?\\n ?");
  private static final Pattern EMPTY_LINES = Pattern.compile("\\n{3,}");

  /// @param title the title in the file; `null` if it has none
  record ExtractedText(@Nullable String title, String text) {}

  /// @throws IOException with the reason as a message that continues the file's name
  ExtractedText read(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes > MAX_BYTES) {
      throw new IOException(
          "has %s bytes, the maximum is %s; split it".formatted(bytes, MAX_BYTES));
    }
    var parsing = new FutureTask<>(() -> parse(file));
    Thread.ofPlatform().daemon().name("read " + file).start(parsing);
    ExtractedText text;
    try {
      text = parsing.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      parsing.cancel(true);
      throw new IOException("could not be read within " + TIMEOUT.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(reason(e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("was not read because the import was interrupted", e);
    }
    if (text.text().length() > MAX_CHARACTERS) {
      throw new IOException(tooLong());
    }
    if (text.text().isBlank()) {
      throw new IOException("has no text; run OCR on scanned pages first");
    }
    return text;
  }

  private static String reason(@Nullable Throwable failure) {
    return switch (failure) {
      case EncryptedDocumentException _ -> "is encrypted; decrypt it first";
      case WriteLimitReachedException _ -> tooLong();
      case TikaException tika when tika.getCause() != null -> reason(tika.getCause());
      case null -> "cannot be read";
      default -> "cannot be read: " + failure.getMessage();
    };
  }

  private static String tooLong() {
    return "has more than the maximum of " + MAX_CHARACTERS + " characters; split it";
  }

  private static ExtractedText parse(Path file) throws IOException, TikaException, SAXException {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".pdf")) {
      return parsePdf(file);
    }
    if (name.matches(".*\\.x?html?")) {
      return parse(file, new JSoupParser(), new ParseContext());
    }
    String text = plain(file);
    if (text.indexOf('\0') >= 0) {
      throw new IOException("it is neither text nor HTML nor PDF");
    }
    Matcher heading = HEADING.matcher(text);
    boolean markdown = name.matches(".*\\.(md|markdown)");
    return new ExtractedText(markdown && heading.find() ? heading.group(1) : null, text);
  }

  /// Decodes UTF-8 if the file is valid UTF-8, otherwise the encoding that Tika detects.
  private static String plain(Path file) throws IOException, TikaException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException notUtf8) {
      try (InputStream in = Files.newInputStream(file);
          var reader = new AutoDetectReader(in)) {
        var text = new StringWriter();
        reader.transferTo(text);
        return text.toString();
      }
    }
  }

  private static ExtractedText parsePdf(Path file) throws IOException, TikaException, SAXException {
    if (NativeExecutable.RUNS) {
      throw new IOException(
          "the native executable does not read PDF; import it with the image that has a JVM");
    }
    var context = new ParseContext();
    var pdf = new PDFParserConfig();
    pdf.setOcrStrategy(PDFParserConfig.OCR_STRATEGY.NO_OCR);
    context.set(PDFParserConfig.class, pdf);
    return parse(file, new PDFParser(), context);
  }

  private static ExtractedText parse(Path file, Parser parser, ParseContext context)
      throws IOException, TikaException, SAXException {
    var metadata = new Metadata();
    var body = new BodyContentHandler(MAX_CHARACTERS);
    try (TikaInputStream in = TikaInputStream.get(file)) {
      parser.parse(in, body, metadata, context);
    }
    String title = metadata.get(TikaCoreProperties.TITLE);
    return new ExtractedText(
        title == null || title.isBlank() ? null : normalize(title), normalize(body.toString()));
  }

  private static String normalize(String text) {
    String storable = UNSTORABLE.matcher(text).replaceAll("\uFFFD");
    String spaced = SPACES.matcher(storable).replaceAll(" ");
    String lines = LINE_ENDS.matcher(spaced).replaceAll("\n");
    return EMPTY_LINES.matcher(lines).replaceAll("\n\n").strip();
  }
}

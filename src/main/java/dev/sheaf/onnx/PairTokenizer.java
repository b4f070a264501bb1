package dev.sheaf.onnx;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The input of a model that reads two texts together, as the template for pairs in
/// `tokenizer.json` defines it.
public final class PairTokenizer {

  /// The input of a model for two texts.
  public static final class Pair {
    private final long[] ids;
    private final long[] types;

    private Pair(int length) {
      this.ids = new long[length];
      this.types = new long[length];
    }

    /// The IDs of the tokens: `long[tokens]`.
    public long[] ids() {
      return ids;
    }

    /// Which text each token belongs to: `long[tokens]`.
    public long[] types() {
      return types;
    }
  }

  /// A part of the template.
  ///
  /// @param text 0 for the first text, 1 for the second one, [#SPECIAL] for a special token
  /// @param id of the special token
  private record Part(int text, long id, long type) {}

  private static final int SPECIAL = -1;

  private final ModelTokenizer tokenizer;
  private final List<Part> template;
  private final int special;
  private final int maxTokens;

  private PairTokenizer(ModelTokenizer tokenizer, List<Part> template, int maxTokens) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.special = specialTokens(template);
    this.maxTokens = maxTokens;
  }

  /// Reads a tokenizer with its template for pairs.
  ///
  /// @param file a Hugging Face `tokenizer.json`
  /// @param maxTokens maximum length of a pair; longer ones are truncated
  /// @throws IOException if the file cannot be read or used; completes "cannot be used: "
  public static PairTokenizer read(Path file, int maxTokens) throws IOException {
    JsonNode json;
    try (InputStream in = Files.newInputStream(file)) {
      json = new ObjectMapper().readTree(in);
    } catch (JacksonException e) {
      throw new IOException("it is not JSON", e);
    }
    List<Part> template = template(json.path("post_processor"));
    if (specialTokens(template) >= maxTokens) {
      throw new IOException("its template for pairs has more tokens than the model may read");
    }
    return new PairTokenizer(ModelTokenizer.of(json), template, maxTokens);
  }

  private static List<Part> template(JsonNode processor) throws IOException {
    var parts = new ArrayList<Part>();
    String type = processor.path("type").asText();
    switch (type) {
      case "TemplateProcessing" -> {
        for (JsonNode part : processor.path("pair")) {
          JsonNode sequence = part.path("Sequence");
          JsonNode special = part.path("SpecialToken");
          if (!sequence.isMissingNode()) {
            parts.add(text(sequence.path("id").asText().equals("A") ? 0 : 1, sequence));
          }
          JsonNode token = processor.path("special_tokens").path(special.path("id").asText());
          for (JsonNode id : token.path("ids")) {
            parts.add(special(id, special.path("type_id").asLong()));
          }
        }
      }
      case "BertProcessing", "RobertaProcessing" -> {
        JsonNode end = processor.path("sep").path(1);
        boolean bert = type.equals("BertProcessing");
        parts.add(special(processor.path("cls").path(1), 0));
        parts.add(new Part(0, 0, 0));
        parts.add(special(end, 0));
        if (!bert) {
          parts.add(special(end, 0));
        }
        parts.add(new Part(1, 0, bert ? 1 : 0));
        parts.add(special(end, bert ? 1 : 0));
      }
      default -> {}
    }
    List<Integer> texts = parts.stream().map(Part::text).filter(text -> text != SPECIAL).toList();
    if (!texts.equals(List.of(0, 1))) {
      throw new IOException("it has no template for pairs of a query and a text");
    }
    return List.copyOf(parts);
  }

  private static int specialTokens(List<Part> template) {
    return template.size() - 2;
  }

  private static Part text(int number, JsonNode sequence) {
    return new Part(number, 0, sequence.path("type_id").asLong());
  }

  private static Part special(JsonNode id, long type) throws IOException {
    if (!id.isIntegralNumber()) {
      throw new IOException("its template for pairs has a token without an ID");
    }
    return new Part(SPECIAL, id.asLong(), type);
  }

  /// The IDs of a text's tokens, for [#pair].
  public int[] encode(String text) {
    return tokenizer.encode(text);
  }

  /// Joins two texts. Of a pair that is too long, the longer text is truncated first, as Hugging
  /// Face's `longest_first` does.
  public Pair pair(int[] first, int[] second) {
    int room = maxTokens - special;
    int shorter = Math.min(first.length, second.length);
    int longer = Math.max(first.length, second.length);
    if (shorter + longer > room) {
      shorter = Math.min(shorter, room / 2);
      longer = room - shorter;
    }
    boolean firstIsShorter = first.length <= second.length;
    var pair = new Pair(special + shorter + longer);
    int next = 0;
    for (Part part : template) {
      int[] ids = part.text() == 0 ? first : second;
      int length =
          part.text() == SPECIAL ? 1 : (part.text() == 0) == firstIsShorter ? shorter : longer;
      for (int i = 0; i < length; i++) {
        pair.ids[next] = part.text() == SPECIAL ? part.id() : ids[i];
        pair.types[next++] = part.type();
      }
    }
    return pair;
  }
}

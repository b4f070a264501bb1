package dev.sheaf.search;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// Which chunks around a hit, of the same document, are returned with it.
///
/// @param before number of chunks before it
/// @param after number of chunks after it
@Schema(name = "Expand")
public record Expand(
    @Schema(defaultValue = "0", minimum = "0", maximum = "10") Integer before,
    @Schema(defaultValue = "0", minimum = "0", maximum = "10") Integer after) {

  private static final int MAX_CHUNKS = 10;

  public Expand(@Nullable Integer before, @Nullable Integer after) {
    this.before = Input.range("before", before, 0, MAX_CHUNKS, 0);
    this.after = Input.range("after", after, 0, MAX_CHUNKS, 0);
    if (this.before + this.after == 0) {
      throw Problem.field("before", "expand must have before or after greater than 0.");
    }
  }

  /// A chunk before or after a hit.
  ///
  /// @param text the part that neither the hit nor a chunk between them contains, without the white
  ///   space around it
  @Schema(name = "AdjacentChunk")
  public record AdjacentChunk(int ordinal, String text) {}

  /// The chunks around a hit.
  ///
  /// @param before in the order of the document
  /// @param after in the order of the document
  record AdjacentChunks(List<AdjacentChunk> before, List<AdjacentChunk> after) {

    /// Chunks may overlap, so a chunk before the hit ends where the next one begins, and a chunk
    /// after it begins where the one before ends.
    ///
    /// @param ordinals of consecutive chunks, of which the hit is one
    /// @param texts of these chunks
    /// @param starts in the document, in UTF-16 code units
    static AdjacentChunks of(int hit, Integer[] ordinals, String[] texts, Integer[] starts) {
      var before = new ArrayList<AdjacentChunk>();
      var after = new ArrayList<AdjacentChunk>();
      int end = 0;
      for (int i = 0; i < ordinals.length; i++) {
        int length = texts[i].length();
        if (ordinals[i] < hit) {
          int next = Math.min(length, starts[i + 1] - starts[i]);
          before.add(new AdjacentChunk(ordinals[i], texts[i].substring(0, next).strip()));
        } else if (ordinals[i] > hit) {
          int repeated = Math.clamp(end - starts[i], 0, length);
          after.add(new AdjacentChunk(ordinals[i], texts[i].substring(repeated).strip()));
        }
        end = Math.max(end, starts[i] + length);
      }
      return new AdjacentChunks(before, after);
    }
  }

  /// Leaves out chunks that are hits themselves, or that a better hit already has, and those that
  /// are farther from the hit.
  static List<Hit> withoutRepetitions(List<Hit> hits) {
    record Place(@Nullable String collection, String document, int ordinal) {
      Place(Hit hit, int ordinal) {
        this(hit.collection(), hit.document(), ordinal);
      }
    }
    Set<Place> seen = new HashSet<>();
    hits.forEach(hit -> seen.add(new Place(hit, hit.ordinal())));
    var expanded = new ArrayList<Hit>();
    for (Hit hit : hits) {
      List<AdjacentChunk> before = hit.before() == null ? List.of() : hit.before();
      int from = before.size();
      while (from > 0 && seen.add(new Place(hit, before.get(from - 1).ordinal()))) {
        from--;
      }
      List<AdjacentChunk> after = hit.after() == null ? List.of() : hit.after();
      int to = 0;
      while (to < after.size() && seen.add(new Place(hit, after.get(to).ordinal()))) {
        to++;
      }
      expanded.add(hit.expanded(before.subList(from, before.size()), after.subList(0, to)));
    }
    return expanded;
  }
}

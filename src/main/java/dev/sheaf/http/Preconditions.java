package dev.sheaf.http;

import dev.sheaf.problem.Problem;
import dev.sheaf.problem.ProblemType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The conditions of a request on the state of a resource, from the headers `If-Match` and
/// `If-None-Match`: RFC 9110, section 13. Check them in the transaction that changes the resource,
/// while its row is locked. Otherwise a concurrent change may get lost.
///
/// @param match `null` if the request has no `If-Match`
/// @param noneMatch `null` if the request has no `If-None-Match`
public record Preconditions(@Nullable Tags match, @Nullable Tags noneMatch) {

  /// Descriptions for the contract.
  public static final String IF_MATCH =
      "Entity tags, of which one must be that of the current state";

  public static final String IF_NONE_MATCH =
      "Entity tags, of which none may be that of the current state; * if there must be none";

  public static final Preconditions NONE = new Preconditions(null, null);

  /// The entity tags in a header.
  ///
  /// @param any whether the header is `*`, which any existing resource matches
  record Tags(boolean any, List<Tag> tags) {

    private static final String WEAK = "W/";

    private record Tag(String opaque, boolean weak) {}

    static @Nullable Tags parse(String header, @Nullable String value) {
      if (value == null) {
        return null;
      }
      if (value.strip().equals("*")) {
        return new Tags(true, List.of());
      }
      var tags = new ArrayList<Tag>();
      for (int at = skip(value, 0); at < value.length(); at = skip(value, at)) {
        boolean weak = value.startsWith(WEAK, at);
        int start = weak ? at + WEAK.length() : at;
        int end = value.indexOf('"', start + 1);
        if (start >= value.length() || value.charAt(start) != '"' || end < 0) {
          throw malformed(header);
        }
        tags.add(new Tag(value.substring(start, end + 1), weak));
        at = end + 1;
        if (skip(value, at) < value.length()
            && value.substring(at).stripLeading().charAt(0) != ',') {
          throw malformed(header);
        }
      }
      if (tags.isEmpty()) {
        throw malformed(header);
      }
      return new Tags(false, List.copyOf(tags));
    }

    private static int skip(String value, int from) {
      int at = from;
      while (at < value.length() && (value.charAt(at) == ' ' || value.charAt(at) == ',')) {
        at++;
      }
      return at;
    }

    private static Problem malformed(String header) {
      return Problem.parameter(
          header, header + " must be * or entity tags in double quotes, separated by commas.");
    }

    /// Whether a tag is equal, and neither is weak.
    private boolean matchesStrongly(String etag) {
      return any || tags.stream().anyMatch(tag -> !tag.weak() && tag.opaque().equals(etag));
    }

    private boolean matchesWeakly(String etag) {
      return any || tags.stream().anyMatch(tag -> tag.opaque().equals(etag));
    }
  }

  /// Parses the headers.
  ///
  /// @param ifMatch the header `If-Match`
  /// @param ifNoneMatch the header `If-None-Match`
  /// @throws Problem if one of them is malformed
  public static Preconditions of(@Nullable String ifMatch, @Nullable String ifNoneMatch) {
    return ifMatch == null && ifNoneMatch == null
        ? NONE
        : new Preconditions(
            Tags.parse("If-Match", ifMatch), Tags.parse("If-None-Match", ifNoneMatch));
  }

  public boolean isEmpty() {
    return match == null && noneMatch == null;
  }

  /// Whether the resource must not exist yet.
  public boolean requireAbsence() {
    return noneMatch != null && noneMatch.any();
  }

  /// Checks the conditions of a change.
  ///
  /// @param etag the strong entity tag of the current state, with its quotes; `null` if the
  ///   resource does not exist
  /// @throws Problem `PRECONDITION_FAILED`
  public void check(@Nullable String etag) {
    checkMatch(etag);
    if (noneMatch != null && etag != null && noneMatch.matchesWeakly(etag)) {
      throw failed("It exists, and its ETag is " + etag + ", which If-None-Match excludes.");
    }
  }

  /// Checks `If-Match`, which applies to reads too.
  ///
  /// @throws Problem `PRECONDITION_FAILED`
  public void checkMatch(@Nullable String etag) {
    if (match == null) {
      return;
    }
    if (etag == null) {
      throw failed("It does not exist, but the request has If-Match.");
    }
    if (!match.matchesStrongly(etag)) {
      throw failed(
          "It was changed: its ETag is "
              + etag
              + ". Read it again, and repeat the change if it"
              + " still applies.");
    }
  }

  /// Whether a client that reads has this state already.
  public boolean isNotModified(String etag) {
    return noneMatch != null && noneMatch.matchesWeakly(etag);
  }

  private static Problem failed(String detail) {
    return new Problem(ProblemType.PRECONDITION_FAILED, detail);
  }
}

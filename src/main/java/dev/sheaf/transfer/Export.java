package dev.sheaf.transfer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads a collection's documents, as lines that an [Import] takes.
///
/// @param filter which documents, as JSON; `null` for all
/// @param vectors whether with what the collection's model made of them
public record Export(Service service, String collection, @Nullable String filter, boolean vectors) {

  private static final int BETWEEN_LOOKS = 100;

  /// Writes the lines.
  ///
  /// @param name what a person calls the target
  /// @return how many they are
  /// @throws OperatorException when there is no such collection, the filter is none, or nobody
  ///   listens
  /// @throws IOException when they did not come to their end, or could not be written
  public long writeTo(Writer out, String name, TransferListener listener) throws IOException {
    String which = filter == null ? "{}" : filter;
    String path = "/collections/%s/documents?filter=%s";
    long total =
        service.first(path + "&limit=1&count=true", collection, which).path("count").asLong();
    var request =
        service
            .request(path + "&vectors=%s", collection, which, vectors)
            .header("Accept", "application/x-ndjson")
            .GET()
            .build();
    long lines = 0;
    try (Service.Answer answer = service.send(request)) {
      if (!answer.isGood()) {
        throw answer.problem();
      }
      var in = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.write(line);
        out.write('\n');
        lines++;
        if (lines % BETWEEN_LOOKS == 0) {
          listener.progress(name, "written", lines, total);
          check(out);
        }
      }
    }
    out.flush();
    check(out);
    return lines;
  }

  /// A PrintWriter keeps to itself that nobody reads any more.
  private static void check(Writer out) throws IOException {
    if (out instanceof PrintWriter printer && printer.checkError()) {
      throw new IOException("nobody reads it any more");
    }
  }
}

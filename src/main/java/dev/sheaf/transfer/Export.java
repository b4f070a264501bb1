package dev.sheaf.transfer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads the documents of a collection, as lines that an [Import] accepts.
///
/// @param filter condition on documents, as JSON; `null` for all
/// @param vectors whether to include the chunks and vectors that the collection's model produced
public record Export(
    SheafClient client, String collection, @Nullable String filter, boolean vectors) {

  private static final int LINES_PER_REPORT = 100;

  /// Writes the lines.
  ///
  /// @param name name of the target in progress reports
  /// @return number of lines
  /// @throws OperatorException if there is no such collection, the filter is not valid, or the
  ///   service cannot be reached
  /// @throws IOException if the response is incomplete, or a line cannot be written
  public long writeTo(Writer out, String name, TransferListener listener) throws IOException {
    String condition = filter == null ? "{}" : filter;
    String path = "/collections/%s/documents?filter=%s";
    long total =
        client.first(path + "&limit=1&count=true", collection, condition).path("count").asLong();
    var request =
        client
            .request(path + "&vectors=%s", collection, condition, vectors)
            .header("Accept", "application/x-ndjson")
            .GET()
            .build();
    long lines = 0;
    try (SheafClient.Response response = client.send(request)) {
      if (!response.isSuccess()) {
        throw response.problem();
      }
      var in = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        out.write(line);
        out.write('\n');
        lines++;
        if (lines % LINES_PER_REPORT == 0) {
          listener.progress(name, "written", lines, total);
          check(out);
        }
      }
    }
    out.flush();
    check(out);
    return lines;
  }

  /// A PrintWriter throws no exception if the reader has closed the pipe.
  private static void check(Writer out) throws IOException {
    if (out instanceof PrintWriter printer && printer.checkError()) {
      throw new IOException("the reader has closed the pipe");
    }
  }
}

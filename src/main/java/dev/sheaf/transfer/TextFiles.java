package dev.sheaf.transfer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/// Uploads files that are one document each. They are read one after the other while they are sent.
/// A file that cannot be read is reported, and the others are sent.
final class TextFiles implements Upload {

  /// @param id id of its document
  /// @param name path as in the arguments
  record TextFile(String id, String name, Path path) {}

  private final List<TextFile> files;
  private final TextReader reader;
  private final long size;

  // State of the stream that was opened last.
  private final List<TextFile> lines = new ArrayList<>();
  private final List<RejectedDocument> rejected = new ArrayList<>();

  TextFiles(List<TextFile> files, TextReader reader) {
    this.files = List.copyOf(files);
    this.reader = reader;
    this.size = files.stream().mapToLong(file -> length(file.path())).sum();
  }

  private static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      // Reading the file reports the reason.
      return 0;
    }
  }

  @Override
  public String name() {
    return files.size() == 1 ? files.getFirst().name() : files.size() + " files";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean isRepeatable() {
    return true;
  }

  @Override
  public boolean isCompressed() {
    return false;
  }

  @Override
  public InputStream open(LongConsumer progress) {
    lines.clear();
    rejected.clear();
    return new FileLines(progress);
  }

  @Override
  public String location(long line) {
    return lines.get(Math.toIntExact(line - 1)).name();
  }

  @Override
  public List<RejectedDocument> rejected() {
    return List.copyOf(rejected);
  }

  private final class FileLines extends InputStream {
    private final LongConsumer progress;
    private int nextFile;
    private long readBytes;
    private byte[] line = {};
    private int sent;

    FileLines(LongConsumer progress) {
      this.progress = progress;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      while (sent == line.length) {
        if (nextFile == files.size()) {
          return -1;
        }
        TextFile file = files.get(nextFile++);
        sent = 0;
        line = toLine(file);
        readBytes += length(file.path());
        progress.accept(readBytes);
      }
      int bytes = Math.min(length, line.length - sent);
      System.arraycopy(line, sent, target, offset, bytes);
      sent += bytes;
      return bytes;
    }

    private byte[] toLine(TextFile file) {
      TextReader.ExtractedText text;
      try {
        text = reader.read(file.path());
      } catch (IOException e) {
        rejected.add(new RejectedDocument(file.name(), null, String.valueOf(e.getMessage())));
        return new byte[0];
      }
      lines.add(file);
      ObjectNode document = SheafClient.JSON.createObjectNode();
      document.put("id", file.id());
      if (text.title() != null) {
        document.put("title", text.title());
      }
      document.put("uri", file.path().toUri().toString());
      document.put("text", text.text());
      return (document + "\n").getBytes(StandardCharsets.UTF_8);
    }
  }
}

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

/// Files that are one document each. Read while they are sent, one after the other; a file that
/// cannot be read keeps no other out.
final class TextFiles implements Upload {

  /// @param id of its document
  /// @param name as a person gave it
  record TextFile(String id, String name, Path path) {}

  private final List<TextFile> files;
  private final TextReader reader;
  private final long size;

  // Of what was opened last.
  private final List<TextFile> lines = new ArrayList<>();
  private final List<Refusal> unread = new ArrayList<>();

  TextFiles(List<TextFile> files, TextReader reader) {
    this.files = List.copyOf(files);
    this.reader = reader;
    this.size = files.stream().mapToLong(file -> length(file.path())).sum();
  }

  private static long length(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      // Reading it will say why.
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
  public InputStream open(LongConsumer read) {
    lines.clear();
    unread.clear();
    return new LinesOfFiles(read);
  }

  @Override
  public String place(long line) {
    return lines.get(Math.toIntExact(line - 1)).name();
  }

  @Override
  public List<Refusal> unread() {
    return List.copyOf(unread);
  }

  private final class LinesOfFiles extends InputStream {
    private final LongConsumer read;
    private int next;
    private long done;
    private byte[] line = {};
    private int sent;

    LinesOfFiles(LongConsumer read) {
      this.read = read;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      while (sent == line.length) {
        if (next == files.size()) {
          return -1;
        }
        TextFile file = files.get(next++);
        sent = 0;
        line = line(file);
        done += length(file.path());
        read.accept(done);
      }
      int bytes = Math.min(length, line.length - sent);
      System.arraycopy(line, sent, target, offset, bytes);
      sent += bytes;
      return bytes;
    }

    private byte[] line(TextFile file) {
      TextReader.Text text;
      try {
        text = reader.read(file.path());
      } catch (IOException e) {
        unread.add(new Refusal(file.name(), null, String.valueOf(e.getMessage())));
        return new byte[0];
      }
      lines.add(file);
      ObjectNode document = Service.JSON.createObjectNode();
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

package dev.sheaf.backup;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.runtime.Hashes;
import dev.sheaf.runtime.OperatorException;
import java.io.BufferedOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// A backup as one file: a zip archive that any tool opens, holding `sheaf.dump`, which
/// `pg_restore` reads, and `sheaf.json`, the [Manifest].
///
/// The file ends with its seal, the archive's comment: the SHA-256, in 64 hexadecimal digits, of
/// the whole file with blanks in their place. So one pass over it tells that not a byte is missing
/// or changed, and without any of this code `(head -c -64 FILE; printf %64s) | sha256sum` prints
/// what `tail -c 64 FILE` does.
///
/// @param path where it is
/// @param bytes its size
/// @param seal its last 64 characters
/// @param manifest what it says about itself
record BackupFile(Path path, long bytes, String seal, Manifest manifest) {

  private static final String DUMP = "sheaf.dump";
  private static final String MANIFEST = "sheaf.json";
  private static final int SEAL = 64;

  /// What stands before the seal: the end of a zip archive's directory.
  private static final int END = 22;

  private static final String END_OF_DIRECTORY = "PK\005\006";
  private static final String ENTRY = "PK\003\004";

  /// The name of an archive's first entry comes after this.
  private static final int ENTRY_HEADER = 30;

  private static final int BUFFER = 1 << 16;

  /// Reads the file against its seal.
  ///
  /// @throws OperatorException when it is no backup, or not whole, or not what was written
  static BackupFile check(Path path, Tracker tracker) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      tracker.begin(Phase.CHECKING, 0, size);
      requireOurs(path, channel);
      requireEnd(path, channel, size);
      String seal = new String(read(channel, size - SEAL, SEAL), StandardCharsets.ISO_8859_1);
      if (!seal.equals(digest(channel, size - SEAL, tracker))) {
        throw new OperatorException(
            path + " is damaged: its content is not what its seal says",
            "fetch it again from where it was written, or take a new backup");
      }
      return new BackupFile(path, size, seal, manifest(path));
    } catch (NoSuchFileException e) {
      throw new OperatorException("there is no file " + path, "", e);
    } catch (IOException e) {
      throw new OperatorException(path + " cannot be read: " + e.getMessage(), "", e);
    }
  }

  private static void requireOurs(Path path, FileChannel channel) throws IOException {
    byte[] head = read(channel, 0, ENTRY_HEADER + DUMP.length());
    if (at(head, 0, "PGDMP")) {
      throw new OperatorException(
          path + " is a plain dump, not a backup of Sheaf's: it does not say what has to be in it",
          "pg_restore reads it");
    }
    if (!at(head, 0, ENTRY) || !at(head, ENTRY_HEADER, DUMP)) {
      throw new OperatorException(
          path + " is not a backup of Sheaf's" + (head.length == 0 ? ": it is empty" : ""),
          "sheaf backup FILE takes one");
    }
  }

  private static void requireEnd(Path path, FileChannel channel, long size) throws IOException {
    byte[] end = read(channel, Math.max(0, size - SEAL - END), END);
    if (!at(end, 0, END_OF_DIRECTORY) || end[END - 2] != SEAL || end[END - 1] != 0) {
      throw new OperatorException(
          path + " is incomplete: after " + size + " bytes it stops without an end",
          "fetch it again from where it was written, or take a new backup");
    }
  }

  private static boolean at(byte[] bytes, int offset, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.ISO_8859_1);
    return bytes.length >= offset + wanted.length
        && Arrays.equals(bytes, offset, offset + wanted.length, wanted, 0, wanted.length);
  }

  private static Manifest manifest(Path path) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      byte[] json;
      try (InputStream in = zip.getInputStream(entry(zip, MANIFEST))) {
        json = in.readAllBytes();
      }
      if (Manifest.format(json) > Manifest.FORMAT) {
        throw new OperatorException(
            path + " was taken by a newer Sheaf", "restore it with that version");
      }
      return Manifest.parse(json);
    }
  }

  private static ZipEntry entry(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new IOException("it holds no " + name);
    }
    return entry;
  }

  /// As many of `count` bytes as there are.
  private static byte[] read(FileChannel channel, long position, int count) throws IOException {
    byte[] bytes = new byte[count];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {}
    return Arrays.copyOf(bytes, buffer.position());
  }

  private static String digest(FileChannel channel, long count, Tracker tracker)
      throws IOException {
    MessageDigest digest = Hashes.sha256();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    channel.position(0);
    for (long left = count; left > 0; ) {
      buffer.clear().limit((int) Math.min(BUFFER, left));
      int read = channel.read(buffer);
      if (read < 0) {
        throw new IOException("it became shorter while it was read");
      }
      digest.update(buffer.flip());
      left -= read;
      tracker.moreBytes(read);
    }
    digest.update(blanks());
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] blanks() {
    return " ".repeat(SEAL).getBytes(StandardCharsets.ISO_8859_1);
  }

  /// The dump, for `pg_restore`.
  InputStream openDump() throws IOException {
    ZipFile zip = new ZipFile(path.toFile());
    try {
      InputStream dump = zip.getInputStream(entry(zip, DUMP));
      return new FilterInputStream(dump) {
        @Override
        public void close() throws IOException {
          zip.close();
        }
      };
    } catch (IOException e) {
      zip.close();
      throw e;
    }
  }

  /// Writes one: to `FILE.partial`, which becomes `FILE` when all of it is on the disk. Closed
  /// before that, it leaves nothing; killed, it leaves the partial file, which the next one takes
  /// over.
  static final class Writer implements AutoCloseable {

    private final Path file;
    private final Path partial;
    private final FileChannel channel;
    private final MessageDigest digest = Hashes.sha256();
    private final ZipOutputStream zip;
    private boolean finished;

    private Writer(Path file, Path partial, FileChannel channel) throws IOException {
      this.file = file;
      this.partial = partial;
      this.channel = channel;
      this.zip =
          new ZipOutputStream(
              new BufferedOutputStream(
                  new DigestOutputStream(Channels.newOutputStream(channel), digest), BUFFER));
      // The dump is compressed already.
      zip.setLevel(Deflater.NO_COMPRESSION);
      zip.setComment(" ".repeat(SEAL));
      zip.putNextEntry(new ZipEntry(DUMP));
    }

    /// Begins to write `file`.
    ///
    /// @throws OperatorException when there is such a file, or another process is writing it
    static Writer create(Path file) {
      refuseExisting(file);
      Path partial = file.resolveSibling(file.getFileName() + ".partial");
      try {
        FileChannel channel = FileChannel.open(partial, WRITE, onlyOurs(file));
        try {
          requireAlone(channel, partial);
          // The other may have finished just now, and its partial file be the whole one.
          refuseExisting(file);
          channel.truncate(0);
          return new Writer(file, partial, channel);
        } catch (IOException | RuntimeException e) {
          channel.close();
          throw e;
        }
      } catch (IOException e) {
        throw failed(file, e);
      }
    }

    private static final Set<StandardOpenOption> WRITE =
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);

    /// A backup holds everything that the database's own permissions protect.
    private static FileAttribute<?>[] onlyOurs(Path file) {
      return file.getFileSystem().supportedFileAttributeViews().contains("posix")
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
          }
          : new FileAttribute<?>[0];
    }

    @SuppressWarnings("resource") // The lock ends with the channel, and so with the process.
    private static void requireAlone(FileChannel channel, Path partial) throws IOException {
      FileLock lock;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException _) {
        lock = null;
      }
      if (lock == null) {
        throw new OperatorException("another backup is writing " + partial, "name another file");
      }
    }

    private static void refuseExisting(Path file) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new OperatorException(
            file + " exists already", "a backup never overwrites another: name a new file");
      }
    }

    /// Where the dump goes.
    OutputStream dump() {
      return zip;
    }

    /// Completes the file.
    ///
    /// @return what [#check] would
    BackupFile finish(Manifest manifest) {
      try {
        zip.closeEntry();
        zip.setLevel(Deflater.DEFAULT_COMPRESSION);
        zip.putNextEntry(new ZipEntry(MANIFEST));
        zip.write(manifest.toJson());
        zip.closeEntry();
        zip.finish();
        zip.flush();
        String seal = HexFormat.of().formatHex(digest.digest());
        long bytes = channel.size();
        ByteBuffer rest = ByteBuffer.wrap(seal.getBytes(StandardCharsets.ISO_8859_1));
        while (rest.hasRemaining()) {
          channel.write(rest, bytes - rest.remaining());
        }
        channel.force(true);
        refuseExisting(file);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        finished = true;
        forceDirectory();
        return new BackupFile(file, bytes, seal, manifest);
      } catch (IOException e) {
        throw failed(file, e);
      }
    }

    /// Without this a crash of the machine could forget the new name. Not every file system can.
    private void forceDirectory() {
      try (FileChannel directory =
          FileChannel.open(
              Objects.requireNonNull(file.toAbsolutePath().getParent()), StandardOpenOption.READ)) {
        directory.force(true);
      } catch (IOException _) {
        // The content itself is on the disk.
      }
    }

    static OperatorException failed(Path file, IOException e) {
      boolean full = String.valueOf(e.getMessage()).contains("No space left");
      return new OperatorException(
          file + " cannot be written: " + (full ? "the disk is full" : reason(e)),
          full ? "nothing of it was kept" : "",
          e);
    }

    private static String reason(IOException e) {
      return e instanceof NoSuchFileException
          ? "there is no such directory"
          : String.valueOf(e.getMessage());
    }

    @Override
    public void close() {
      try {
        if (!finished) {
          Files.deleteIfExists(partial);
        }
        channel.close();
      } catch (IOException _) {
        // What made it close early is the news.
      }
    }
  }
}

package dev.sheaf.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.runtime.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupFileTest {

  private static final byte[] DUMP = "PGDMP and so on".getBytes(UTF_8);

  private static final Manifest MANIFEST =
      new Manifest(
          Manifest.FORMAT,
          "1.0",
          Instant.EPOCH,
          new Manifest.Origin("host:5432/db", "7", 5),
          "17.6",
          17,
          "0.8.2",
          "17.6",
          new SchemaVersion(new TreeMap<>(Map.of("core/001_a", "9:x"))),
          new Contents(
              new TreeMap<>(Map.of("table public.a", "")), new TreeMap<>(Map.of("public.a", 3L))));

  private final Tracker tracker = new Tracker(BackupListener.SILENT);

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("a.sheaf");
  }

  @AfterEach
  void stop() {
    tracker.close();
  }

  @Test
  void holdsWhatWasWritten() throws Exception {
    BackupFile written = write(DUMP);

    BackupFile read = BackupFile.check(file, tracker);

    assertThat(read).isEqualTo(written);
    assertThat(read.manifest()).isEqualTo(MANIFEST);
    try (InputStream dump = read.openDump()) {
      assertThat(dump.readAllBytes()).isEqualTo(DUMP);
    }
    assertThat(directory).isDirectoryNotContaining("glob:**.partial");
    assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
  }

  @Test
  void theSealIsTheDigestOfTheFileWithBlanksInItsPlace() throws Exception {
    write(DUMP);

    byte[] bytes = Files.readAllBytes(file);
    String seal = new String(bytes, bytes.length - 64, 64, UTF_8);
    Arrays.fill(bytes, bytes.length - 64, bytes.length, (byte) ' ');

    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
        .isEqualTo(seal);
  }

  @Test
  void everyFlippedBitIsFound() throws IOException {
    write(DUMP);
    byte[] whole = Files.readAllBytes(file);

    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) (1 << i % 8);
      Files.write(file, damaged);
      assertThatThrownBy(() -> BackupFile.check(file, tracker))
          .as("byte %s of %s", i, whole.length)
          .isInstanceOf(OperatorException.class)
          .hasMessageStartingWith(file + " is ");
    }
  }

  @Test
  void everyTruncationIsFound() throws IOException {
    write(DUMP);
    byte[] whole = Files.readAllBytes(file);

    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> BackupFile.check(file, tracker))
          .as("%s bytes of %s", length, whole.length)
          .isInstanceOf(OperatorException.class);
    }

    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> BackupFile.check(file, tracker))
        .hasMessage(
            "%s is incomplete: after %s bytes it stops without an end - fetch it again from where it was written, or take a new backup"
                .formatted(file, whole.length - 1));
  }

  @Test
  void foreignFilesAreToldApart() throws IOException {
    assertThatThrownBy(() -> BackupFile.check(file, tracker))
        .hasMessage("there is no file " + file);

    Files.write(file, DUMP);
    assertThatThrownBy(() -> BackupFile.check(file, tracker))
        .hasMessageStartingWith(file + " is a plain dump, not a backup of Sheaf's");

    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (ZipOutputStream out = new ZipOutputStream(zip)) {
      out.putNextEntry(new ZipEntry("something.txt"));
    }
    Files.write(file, zip.toByteArray());
    assertThatThrownBy(() -> BackupFile.check(file, tracker))
        .hasMessage(file + " is not a backup of Sheaf's - sheaf backup FILE takes one");

    Files.write(file, new byte[0]);
    assertThatThrownBy(() -> BackupFile.check(file, tracker))
        .hasMessageStartingWith(file + " is not a backup of Sheaf's: it is empty");

    assertThatThrownBy(() -> BackupFile.check(directory, tracker))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith(directory + " cannot be read");
  }

  @Test
  void neverOverwritesAnother() throws IOException {
    write(DUMP);
    byte[] before = Files.readAllBytes(file);

    assertThatThrownBy(() -> BackupFile.Writer.create(file))
        .hasMessage(file + " exists already - a backup never overwrites another: name a new file");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @Test
  void aWriterThatStopsEarlyLeavesNothing() throws IOException {
    try (BackupFile.Writer writer = BackupFile.Writer.create(file)) {
      writer.dump().write(DUMP);
      assertThat(directory.resolve("a.sheaf.partial")).exists();
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void twoWritersDoNotMix() {
    try (BackupFile.Writer _ = BackupFile.Writer.create(file)) {
      assertThatThrownBy(() -> BackupFile.Writer.create(file))
          .hasMessageStartingWith("another backup is writing " + file + ".partial");
    }
  }

  @Test
  void saysWhenThereIsNoDirectoryToWriteTo() {
    Path nowhere = directory.resolve("nowhere/a.sheaf");
    assertThatThrownBy(() -> BackupFile.Writer.create(nowhere))
        .isInstanceOf(OperatorException.class)
        .hasMessage(nowhere + " cannot be written: there is no such directory");
  }

  private BackupFile write(byte[] dump) throws IOException {
    try (BackupFile.Writer writer = BackupFile.Writer.create(file)) {
      writer.dump().write(dump);
      return writer.finish(MANIFEST);
    }
  }
}

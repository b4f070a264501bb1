package dev.sheaf.document;

import static dev.sheaf.testing.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sheaf.limits.TransferRate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExportSpoolTest {

  private static final int SIZE = 3_000_000;

  private static final TransferRate ANY =
      new TransferRate("sheaf.limits.transfer-rate", 1, Duration.ofDays(1));

  private static byte[] content() {
    byte[] content = new byte[SIZE];
    new Random(7).nextBytes(content);
    return content;
  }

  private static void write(ExportSpool.Pipe pipe, byte[] content) throws IOException {
    var lengths = new Random(8);
    try (OutputStream in = pipe.in()) {
      for (int from = 0; from < content.length; ) {
        int length = Math.min(lengths.nextInt(200_000), content.length - from);
        in.write(content, from, length);
        from += length;
      }
    }
  }

  /// A reader that stops after the first bytes, until the writer is finished.
  @Test
  void theWriterDoesNotWaitForTheReader() throws Exception {
    byte[] content = content();
    var spool = new ExportSpool(SIZE, ANY);
    var written = new CountDownLatch(1);
    var received = new ByteArrayOutputStream();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ExportSpool.Pipe pipe = spool.open()) {
      Future<?> writer =
          threads.submit(() -> {
            write(pipe, content);
            written.countDown();
            return null;
          });
      assertThat(pipe.copyTo(paused(received, written), () -> {})).isNull();
      writer.get();
    }

    assertThat(received.toByteArray()).isEqualTo(content);
  }

  private static OutputStream paused(OutputStream out, CountDownLatch until) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
          until.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        out.write(bytes, offset, length);
      }
    };
  }

  /// A transaction must not wait for it. What is in the file is still read.
  @Test
  void aReaderThatIsTooSlowEndsTheWriter() throws Exception {
    var spool =
        new ExportSpool(
            SIZE / 3, new TransferRate("sheaf.limits.transfer-rate", 1_000_000_000, Duration.ZERO));
    var ended = new CountDownLatch(1);
    var received = new ByteArrayOutputStream();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ExportSpool.Pipe pipe = spool.open()) {
      Future<?> writer =
          threads.submit(() -> {
            try {
              write(pipe, content());
            } catch (IOException e) {
              pipe.fail(e);
            }
            ended.countDown();
          });
      assertThat(pipe.copyTo(paused(received, ended), () -> {}))
          .hasMessageContaining("the client reads too slowly");
      writer.get();
    }
    assertThat(received.toByteArray())
        .hasSizeGreaterThan(SIZE / 4)
        .isEqualTo(Arrays.copyOf(content(), received.size()));
  }

  /// All of them share the room, of which there is too little, or none.
  @ParameterizedTest
  @ValueSource(longs = {0, 100_000, 1_000_000})
  void withoutRoomTheWriterWaits(long limit) throws Exception {
    byte[] content = content();
    var spool = new ExportSpool(limit, ANY);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<byte[]>> copies = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        copies.add(
            threads.submit(() -> {
              var received = new ByteArrayOutputStream();
              try (ExportSpool.Pipe pipe = spool.open()) {
                Future<?> writer =
                    threads.submit(() -> {
                      write(pipe, content);
                      return null;
                    });
                assertThat(pipe.copyTo(received, () -> {})).isNull();
                writer.get();
              }
              return received.toByteArray();
            }));
      }
      for (Future<byte[]> copy : copies) {
        assertThat(copy.get()).isEqualTo(content);
      }
    }
  }

  @Test
  void aReaderThatGoesEndsTheWriterAndGivesItsRoomBack() throws Exception {
    var spool = new ExportSpool(SIZE / 2, ANY);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 3; i++) {
        Future<?> writer;
        try (ExportSpool.Pipe pipe = spool.open()) {
          writer =
              threads.submit(() -> {
                write(pipe, content());
                return null;
              });
          OutputStream gone =
              new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                  await().until(() -> spool.used() > SIZE / 4);
                  throw new IOException("gone");
                }
              };
          assertThatThrownBy(() -> pipe.copyTo(gone, () -> {})).hasMessage("gone");
        }
        assertThatThrownBy(writer::get).hasMessageContaining("the client of the export is gone");
        assertThat(spool.used()).isZero();
      }
    }
  }

  @Test
  void aFailureFollowsTheData() throws Exception {
    var received = new ByteArrayOutputStream();
    try (ExportSpool.Pipe pipe = new ExportSpool(SIZE, ANY).open()) {
      write(pipe, new byte[] {1, 2, 3});
      pipe.fail(new IllegalStateException("broken"));

      assertThat(pipe.copyTo(received, () -> {})).hasMessage("broken");
    }
    assertThat(received.toByteArray()).containsExactly(1, 2, 3);
  }
}

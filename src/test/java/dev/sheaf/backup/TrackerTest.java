package dev.sheaf.backup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.backup.BackupListener.Phase;
import dev.sheaf.backup.BackupListener.Progress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TrackerTest {

  @Test
  void countsTablesByWhatTheProgramsSay() {
    try (Tracker tracker = new Tracker(BackupListener.SILENT)) {
      tracker.begin(Phase.RESTORING, 2, 100_000_000);
      tracker.moreBytes(45_200_000);

      tracker.heard("pg_restore: connecting to database for restore");
      assertThat(tracker.now())
          .extracting(Progress::tables, Progress::doing)
          .containsExactly(0, "");
      tracker.heard("pg_restore: processing data for table \"public.chunk_1\"");
      tracker.heard("pg_restore: processing data for table \"public.document_1\"");
      assertThat(tracker.now())
          .extracting(Progress::tables, Progress::doing)
          .containsExactly(1, "TABLE public.document_1");
      tracker.heard("pg_restore: creating INDEX \"public.embedding_1_hnsw\"");
      Progress now = tracker.now();

      assertThat(now)
          .hasToString(
              "restoring: 2 of 2 tables, 45.2 MB of 100.0 MB, %s s, INDEX public.embedding_1_hnsw"
                  .formatted(now.sofar().toSeconds()));
    }
  }

  @Test
  void saysOnlyWhatIsKnown() {
    assertThat(new Progress(Phase.ANALYZING, 0, 0, 0, 0, Duration.ofSeconds(3), ""))
        .hasToString("analyzing: 3 s");
    assertThat(new Progress(Phase.DUMPING, 0, 12, 512, 0, Duration.ZERO, "TABLE public.a"))
        .hasToString("dumping: 0 of 12 tables, 512 bytes, 0 s, TABLE public.a");
  }
}

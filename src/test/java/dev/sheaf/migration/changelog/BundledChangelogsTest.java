package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// What every changelog of the product has to keep to.
class BundledChangelogsTest {

  private static final Changelogs CHANGELOGS = Changelogs.bundled();

  @Test
  void numbersBeginAtOneAndLeaveNoneOut() {
    CHANGELOGS
        .files()
        .forEach((module, files) ->
            assertThat(files.stream().map(ChangelogFile::version).toList())
                .as(module)
                .isEqualTo(
                    LongStream.rangeClosed(1, files.size())
                        .mapToObj(ChangesetVersion::of)
                        .toList()));
  }

  @Test
  void everyChangesetIsNamedAfterItsFile() {
    for (Changeset changeset : changesets()) {
      assertThat(changeset.author() + ":" + changeset.id())
          .isEqualTo(changeset.module() + ":" + changeset.version().digits());
    }
  }

  @Test
  void everyChangesetHasARollbackAndSaysWhatItIsFor() {
    for (Changeset changeset : changesets()) {
      assertThat(changeset.down()).as(changeset.label() + ": --rollback").isNotEmpty();
      assertThat(changeset.comment()).as(changeset.label() + ": --comment").isNotBlank();
    }
  }

  @Test
  void plainLiquibaseSeesTheSameModules() throws IOException {
    String root = Files.readString(Path.of("src/main/resources/db/changelog/root.yaml"));
    List<String> included = new ArrayList<>();
    root.lines()
        .filter(line -> line.contains("includeAll"))
        .forEach(line -> included.add(line.replaceAll(".*path: (\\w+)/.*", "$1")));

    assertThat(included).containsExactlyElementsOf(Modules.everything(CHANGELOGS).enabled());
  }

  @Test
  void anotherContentIsAnotherFingerprint() {
    List<String> modules = Modules.everything(CHANGELOGS).enabled();
    Map<String, String> fingerprints = new HashMap<>();
    fingerprints.put(CHANGELOGS.fingerprint(modules), "all");
    fingerprints.put(CHANGELOGS.fingerprint(List.of("core")), "core");

    assertThat(fingerprints).hasSize(2);
    assertThat(Changelogs.bundled().fingerprint(modules))
        .isEqualTo(CHANGELOGS.fingerprint(modules));
  }

  private static List<Changeset> changesets() {
    return CHANGELOGS.files().values().stream().flatMap(List::stream).map(Changeset::of).toList();
  }
}

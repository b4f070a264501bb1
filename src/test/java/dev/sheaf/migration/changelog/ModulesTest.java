package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sheaf.migration.TestConfig;
import dev.sheaf.runtime.OperatorException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ModulesTest {

  private static final Changelogs CHANGELOGS =
      changelogs(
          "access",
          "--requires ingestion",
          "core",
          "",
          "fulltext",
          "",
          "ingestion",
          "--requires fulltext");

  @Test
  void aModuleIsOnUnlessItIsSwitchedOff() {
    Modules modules =
        Modules.of(
            CHANGELOGS,
            TestConfig.modules(
                "sheaf.modules.access.enabled", "false",
                "sheaf.modules.absent.enabled", "false",
                "sheaf.modules.core.enabled", "false"));

    assertThat(modules.enabled()).containsExactly("core", "fulltext", "ingestion");
    assertThat(modules.known()).containsExactly("access", "core", "fulltext", "ingestion");
  }

  @Test
  void aModuleComesAfterWhatItRequires() {
    Modules modules = Modules.of(CHANGELOGS, TestConfig.modules());

    assertThat(modules.enabled()).containsExactly("core", "fulltext", "ingestion", "access");
  }

  @Test
  void aModuleThatIsOptInIsOffUnlessItIsSwitchedOn() {
    Changelogs changelogs =
        changelogs("core", "", "distribution", "--opt-in it needs other servers\n--requires core");

    assertThat(Modules.everything(changelogs).enabled()).containsExactly("core");
    assertThat(Modules.of(changelogs, TestConfig.modules()).enabled()).containsExactly("core");
    assertThat(
            Modules.of(changelogs, TestConfig.modules("sheaf.modules.distribution.enabled", "true"))
                .enabled())
        .containsExactly("core", "distribution");
    assertThat(Modules.inOrder(changelogs)).containsExactly("core", "distribution");
  }

  @Test
  void whatAModuleRequiresHasToBeOn() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() ->
            Modules.of(CHANGELOGS, TestConfig.modules("sheaf.modules.fulltext.enabled", "false")))
        .withMessage(
            "module ingestion requires module fulltext, which is off - set sheaf.modules.fulltext.enabled=true");
  }

  @Test
  void aModuleThatDoesNotExistIsNamed() {
    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(
            () -> Modules.of(CHANGELOGS, TestConfig.modules("sheaf.modules.audit.enabled", "true")))
        .withMessage(
            "no changelogs for module audit in a test - there are: access, core, fulltext, ingestion;"
                + " sheaf.modules.audit.enabled=false turns it off");
  }

  @Test
  void modulesThatRequireEachOtherAreRefused() {
    Changelogs circle = changelogs("a", "--requires b", "b", "--requires a", "core", "");

    assertThatExceptionOfType(OperatorException.class)
        .isThrownBy(() -> Modules.everything(circle))
        .withMessage("modules require each other: a -> b -> a - one of them has to stand alone");
  }

  private static Changelogs changelogs(String... modulesAndHeads) {
    TreeMap<String, List<ChangelogFile>> files = new TreeMap<>();
    for (int i = 0; i < modulesAndHeads.length; i += 2) {
      String module = modulesAndHeads[i];
      byte[] content = (modulesAndHeads[i + 1] + "\n").getBytes(StandardCharsets.UTF_8);
      files.put(module, List.of(ChangelogFile.of(module, "001_a.sql", content)));
    }
    return Changelogs.ofFiles("a test", files);
  }
}

package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ManPageTest {

  @Test
  void itHasEveryCommandAndOption() {
    StringWriter out = new StringWriter();
    CommandLine sheaf = Cli.commandLine(new PrintWriter(out), new PrintWriter(new StringWriter()));

    assertThat(sheaf.execute("generate-man-page")).isZero();

    String page = out.toString().replace("\\-", "-");
    List<CommandLine> commands = below(sheaf).toList();
    assertThat(commands).hasSizeGreaterThan(30);
    for (CommandLine command : commands) {
      String name = ".SS \"" + command.getCommandSpec().qualifiedName() + "\"\n";
      assertThat(page).contains(name);
      if (command.getSubcommands().isEmpty()) {
        String section =
            page.substring(page.indexOf(name) + name.length()).split("\n\\.S[HS] ", 2)[0];
        command
            .getCommandSpec()
            .optionsMap()
            .forEach((option, spec) -> {
              if (!spec.hidden()) {
                assertThat(section)
                    .as(name)
                    .contains(option, spec.description()[0].split("[$%\n]", 2)[0]);
              }
            });
      }
    }
    assertThat(page).startsWith(".TH \"SHEAF\" \"1\"");
    assertThat(page.lines()).noneMatch(line -> line.matches("\\.(?!TH|SH|SS|PP|TP|B).*"));
  }

  private static Stream<CommandLine> below(CommandLine command) {
    return command.getSubcommands().values().stream()
        .distinct()
        .filter(line -> !line.getCommandSpec().usageMessage().hidden())
        .flatMap(line -> Stream.concat(Stream.of(line), below(line)));
  }
}

package dev.sheaf.migration.lint;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.lint.rule.Rules;
import dev.sheaf.runtime.ProcessIdentity;
import java.nio.file.Path;
import java.util.List;

/// Findings in the Static Analysis Results Interchange Format 2.1.0, which GitHub shows beside the
/// lines of a pull request. The names are those of the format.
public record Sarif(@JsonProperty("$schema") String schema, String version, List<Run> runs) {

  public record Run(Tool tool, List<Result> results) {}

  public record Tool(Driver driver) {}

  public record Driver(String name, String semanticVersion, List<ReportingDescriptor> rules) {}

  public record ReportingDescriptor(
      String id, Message shortDescription, Message help, Configuration defaultConfiguration) {}

  public record Configuration(Severity level) {}

  public record Result(String ruleId, Severity level, Message message, List<Location> locations) {}

  public record Location(PhysicalLocation physicalLocation) {}

  public record PhysicalLocation(ArtifactLocation artifactLocation, Region region) {}

  public record ArtifactLocation(String uri) {}

  public record Region(int startLine) {}

  public record Message(String text) {}

  /// The findings of one run.
  ///
  /// @param root the directory of the changelogs, relative to the repository
  public static Sarif of(List<Finding> findings, Path root) {
    return new Sarif(
        "https://json.schemastore.org/sarif-2.1.0.json",
        "2.1.0",
        List.of(
            new Run(
                new Tool(
                    new Driver(
                        "sheaf migrate check",
                        ProcessIdentity.VERSION,
                        Rules.ALL.stream().map(Sarif::descriptor).toList())),
                findings.stream().map(finding -> result(finding, root)).toList())));
  }

  private static ReportingDescriptor descriptor(Rule rule) {
    return new ReportingDescriptor(
        rule.name(),
        new Message(rule.about().problem()),
        new Message(rule.hint()),
        new Configuration(rule.about().severity()));
  }

  private static Result result(Finding finding, Path root) {
    Path file = Path.of(finding.file());
    Path directory =
        file.getNameCount() == 2 ? Changelogs.directory(root, file.getName(0).toString()) : root;
    String uri =
        (finding.isOfSnapshot() ? file : directory.resolve(file.getFileName()))
            .toString()
            .replace('\\', '/');
    return new Result(
        finding.rule(),
        finding.severity(),
        new Message(finding.summary() + "; " + finding.hint()),
        List.of(
            new Location(
                new PhysicalLocation(new ArtifactLocation(uri), new Region(finding.line())))));
  }
}

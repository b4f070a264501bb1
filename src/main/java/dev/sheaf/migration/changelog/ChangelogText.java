package dev.sheaf.migration.changelog;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the reader understood of a changelog file.
///
/// @param id as the line of `--changeset` says it; empty when there is no such line
/// @param author likewise
/// @param position of that line
/// @param comment what the changeset is for; empty when it does not say
/// @param transactional whether its statements and its record are one transaction
/// @param checksum as Liquibase computes it of the same statements
/// @param up its statements
/// @param down those of its rollback; `null` when it has none, empty when nothing is to be undone
/// @param directives the lines that speak to the engine, in order
/// @param problems why it must not run, in order; empty when it may
record ChangelogText(
    String id,
    String author,
    SourceText.Position position,
    String comment,
    boolean transactional,
    String checksum,
    List<SqlStatement> up,
    @Nullable List<SqlStatement> down,
    List<DirectiveLine> directives,
    List<ChangelogProblem> problems) {

  /// A changeset that its file's name identifies, with the rollback of a file of its own.
  ///
  /// @param other that file, which has nothing but a rollback; `null` when there is none
  ChangelogText of(ChangelogFile file, @Nullable ChangelogText other) {
    List<ChangelogProblem> all = new ArrayList<>(problems);
    List<DirectiveLine> lines = new ArrayList<>(directives);
    List<SqlStatement> undo = down;
    ChangelogFile rollback = file.rollback();
    if (other != null && rollback != null) {
      if (undo != null) {
        all.add(
            new ChangelogProblem(
                position, "has a rollback, and another in " + rollback.shortPath(), "delete one"));
      }
      undo = other.down;
      lines.addAll(other.directives);
      other.problems.forEach(problem -> all.add(problem.in(rollback)));
    }
    return new ChangelogText(
        file.id(),
        file.module(),
        position,
        file.name().replace('_', ' '),
        transactional,
        checksum,
        up,
        undo,
        List.copyOf(lines),
        List.copyOf(all));
  }
}

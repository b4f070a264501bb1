package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sheaf.testing.Slow;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.postgresql.core.NativeQuery;
import org.postgresql.core.Parser;

/// What reaches the server is what stands in the file, whatever is nested in what.
@Slow
class GeneratedSqlTest {

  private static final int FILES = 5_000;

  @Test
  void theStatementsOfAFileAreWhatWasWritten() {
    for (int seed = 0; seed < FILES; seed++) {
      GeneratedSql sql = new GeneratedSql(seed, false);
      List<String> up = new ArrayList<>();
      StringBuilder file = new StringBuilder("--liquibase formatted sql\n--changeset core:001\n");
      for (String statement : sql.statements()) {
        up.add(statement.stripTrailing());
        file.append(statement).append(sql.separator());
        if (seed % 3 == 0) {
          up.add(sql.copy());
          file.append('\n').append(up.getLast()).append('\n');
        }
        if (seed % 5 == 0) {
          file.append("\n--allow table-rewrite: small\n");
        }
      }
      List<String> down = sql.statements();
      String.join(";\n", down)
          .concat(";")
          .lines()
          .forEach(line -> file.append("\n--rollback ").append(line));

      ChangelogText read = ChangelogReader.read(SourceText.of(file.toString()));

      String description = "seed " + seed + "\n" + file;
      assertThat(read.problems()).as(description).isEmpty();
      assertThat(read.up()).as(description).extracting(SqlStatement::toString).isEqualTo(up);
      assertThat(Objects.requireNonNull(read.down()))
          .as(description)
          .extracting(SqlStatement::toString)
          .isEqualTo(down.stream().map(String::stripTrailing).toList());
      assertThat(joined(file.toString(), read.up())).as(description).isEqualTo(file.toString());

      ChangelogText windows =
          ChangelogReader.read(SourceText.of("\uFEFF" + file.toString().replace("\n", "\r\n")));
      assertThat(windows.up()).as(description).hasToString(read.up().toString());
      assertThat(windows.checksum()).isEqualTo(read.checksum());
    }
  }

  /// The statements, and between them what stands there, which must not be SQL.
  private static String joined(String file, List<SqlStatement> statements) {
    StringBuilder joined = new StringBuilder();
    for (SqlStatement statement : statements) {
      String text = statement.toString();
      int start = file.indexOf(text, joined.length());
      String between = file.substring(joined.length(), start);
      assertThat(SqlStatement.of(between)).isEmpty();
      joined.append(between).append(text);
    }
    String rest = file.substring(joined.length());
    assertThat(SqlStatement.of(rest)).isEmpty();
    return joined + rest;
  }

  /// The driver has a lexer of its own, made for the same language by others.
  @Test
  void theDriverSplitsAlike() throws SQLException {
    for (int seed = 0; seed < FILES; seed++) {
      GeneratedSql sql = new GeneratedSql(seed, true);
      StringBuilder text = new StringBuilder();
      for (String statement : sql.statements()) {
        text.append(statement).append(sql.separator());
      }
      String script = text.toString();

      List<String> ours = SqlStatement.of(script).stream().map(SqlStatement::sql).toList();
      List<String> drivers = new ArrayList<>();
      for (NativeQuery query : Parser.parseJdbcSql(script, true, false, true, false, true)) {
        drivers.add(query.nativeSql.strip());
      }
      assertThat(ours).as("seed " + seed + "\n" + script).isEqualTo(drivers);
    }
  }
}

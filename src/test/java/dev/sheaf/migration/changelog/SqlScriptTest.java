package dev.sheaf.migration.changelog;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SqlScriptTest {

  @Test
  void splitsAtSemicolons() {
    assertThat(SqlScript.split("SELECT 1;\n\nSELECT 2;")).containsExactly("SELECT 1", "SELECT 2");
  }

  @Test
  void theLastSemicolonMayBeMissing() {
    assertThat(SqlScript.split("SELECT 1; SELECT 2\n")).containsExactly("SELECT 1", "SELECT 2");
  }

  @Test
  void aSemicolonInAQuoteIsText() {
    assertThat(SqlScript.split("SELECT 'a;b''c;', \"d;e\"; SELECT E'\\';'; SELECT 'x\\'; SELECT 2"))
        .containsExactly("SELECT 'a;b''c;', \"d;e\"", "SELECT E'\\';'", "SELECT 'x\\'", "SELECT 2");
  }

  @Test
  void aSemicolonInADollarQuoteIsText() {
    assertThat(
            SqlScript.split("DO $$ BEGIN a; b; END $$; DO $x$ c; $$ d; $x$; SELECT $1; SELECT 2"))
        .containsExactly(
            "DO $$ BEGIN a; b; END $$", "DO $x$ c; $$ d; $x$", "SELECT $1", "SELECT 2");
  }

  @Test
  void aSemicolonInACommentIsText() {
    assertThat(SqlScript.split("SELECT 1 -- one; two\n; /* a; /* b; */ c; */ SELECT 2;"))
        .containsExactly("SELECT 1 -- one; two", "/* a; /* b; */ c; */ SELECT 2");
  }

  @Test
  void whatIsOnlyCommentsIsNoStatement() {
    assertThat(SqlScript.split("-- nothing\n;; /* here */ ;\n")).isEmpty();
  }
}

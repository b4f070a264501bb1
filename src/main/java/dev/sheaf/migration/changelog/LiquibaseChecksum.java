package dev.sheaf.migration.changelog;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The checksum that Liquibase 4.22 and later compute of a changeset of SQL, version 9: MD5 of the
/// text without white space. It is a function of the file's bytes and of nothing else.
final class LiquibaseChecksum {

  private static final String VERSION = "9:";

  private final SourceText text;
  private final MessageDigest sql = md5();

  LiquibaseChecksum(SourceText text) {
    this.text = text;
  }

  /// Adds the text from `start` to `end`.
  void add(int start, int end) {
    int run = start;
    for (int i = start; i < end; i++) {
      byte c = text.at(i);
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        text.update(sql, run, i);
        run = i + 1;
      }
    }
    text.update(sql, run, end);
  }

  /// The checksum of a changeset that is this one change.
  String changeset() {
    String change = VERSION + HexFormat.of().formatHex(sql.digest()) + ":";
    return VERSION
        + HexFormat.of().formatHex(md5().digest(change.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

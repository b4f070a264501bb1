package dev.sheaf.migration.lint;

import java.util.Locale;

/// The size of a table in a database.
///
/// @param bytes size in bytes, with indexes and partitions
/// @param rows number of rows, as PostgreSQL estimates it
public record Size(long bytes, long rows) {

  private static final String[] UNITS = {"bytes", "kB", "MB", "GB", "TB"};

  Size plus(Size other) {
    return new Size(bytes + other.bytes, rows + other.rows);
  }

  /// `48 GB, about 12000000 rows`
  @Override
  public String toString() {
    return text(bytes) + ", about " + rows + (rows == 1 ? " row" : " rows");
  }

  /// `48 GB`, `1.5 MB`: at least two digits.
  public static String text(long bytes) {
    double amount = bytes;
    int unit = 0;
    while (amount >= 1024 && unit < UNITS.length - 1) {
      amount /= 1024;
      unit++;
    }
    String number = unit > 0 && amount < 10 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, number, amount) + " " + UNITS[unit];
  }
}

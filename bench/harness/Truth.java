package harness;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// What the right answers are, found by comparing every vector here, without any database.
final class Truth {

  /// Queries that recall is measured with.
  static final int QUERIES = 200;

  static final int K = 10;

  /// Rounding, so that ties count.
  static final float SLACK = 1e-5f;

  private final float[][] rows;
  private final float[][] queries;

  /// By filter (the first is none) and query: how far the last of the right ones may be away.
  private final float[][] bounds;

  Truth(Vectors vectors, int dimensions) {
    this.rows =
        IntStream.range(0, vectors.rows())
            .mapToObj(row -> vectors.row(row, dimensions))
            .toArray(float[][]::new);
    this.queries =
        IntStream.range(0, QUERIES)
            .mapToObj(query -> vectors.query(query, dimensions))
            .toArray(float[][]::new);
    this.bounds = new float[1 + Corpus.Field.values().length][QUERIES];
    IntStream.range(0, QUERIES).parallel().forEach(this::compare);
  }

  /// The value of a field that a query asks for.
  static int asked(Corpus.Field field, int query) {
    return query * 7 % field.values;
  }

  private void compare(int query) {
    float[][] nearest = new float[bounds.length][K];
    for (float[] each : nearest) {
      Arrays.fill(each, Float.POSITIVE_INFINITY);
    }
    for (int row = 0; row < rows.length; row++) {
      float distance = distance(queries[query], rows[row]);
      add(nearest[0], distance);
      for (Corpus.Field field : Corpus.Field.values()) {
        if (field.of(row) == asked(field, query)) {
          add(nearest[1 + field.ordinal()], distance);
        }
      }
    }
    for (int i = 0; i < bounds.length; i++) {
      bounds[i][query] = nearest[i][K - 1];
    }
  }

  /// Keeps the smallest, in order.
  static void add(float[] nearest, float distance) {
    int place = K - 1;
    if (distance >= nearest[place]) {
      return;
    }
    for (; place > 0 && nearest[place - 1] > distance; place--) {
      nearest[place] = nearest[place - 1];
    }
    nearest[place] = distance;
  }

  static float distance(float[] a, float[] b) {
    // Four sums, so that the compiler need not keep the order of one.
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    for (int i = 0; i < a.length; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    return 1 - (s0 + s1 + s2 + s3);
  }

  /// Recall, and how many rows the average answer had.
  record Quality(double recall, double rows) {}

  /// @param field what the contender filters by, or `null`
  Quality of(Contender contender, Corpus.Field field) throws Exception {
    long right = 0;
    long count = 0;
    for (int query = 0; query < QUERIES; query++) {
      List<String> found = contender.find(query);
      count += found.size();
      float bound = bounds[field == null ? 0 : 1 + field.ordinal()][query] + SLACK;
      for (String id : found) {
        int row = Integer.parseInt(id.substring(1));
        boolean matches = field == null || field.of(row) == asked(field, query);
        right += matches && distance(queries[query], rows[row]) <= bound ? 1 : 0;
      }
    }
    return new Quality((double) right / (K * QUERIES), (double) count / QUERIES);
  }
}

package dev.sheaf.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetricTest {

  @ParameterizedTest
  @EnumSource
  void nearerScoresHigher(Metric metric) {
    assertThat(metric.score(0.1)).isGreaterThan(metric.score(0.2));
  }

  @Test
  void cosineScoreIsTheSimilarity() {
    assertThat(Metric.COSINE.score(0.25)).isEqualTo(0.75);
  }

  @Test
  void indexesCompareWhatTheirPrecisionKeeps() {
    assertThat(Precision.FULL.element("vector", 3)).isEqualTo("vector::vector(3)");
    assertThat(IndexMethod.HNSW.operatorClass(Precision.FULL, Metric.L2))
        .isEqualTo("vector_l2_ops");
    assertThat(Precision.HALF.element("vector", 384)).isEqualTo("vector::halfvec(384)");
    assertThat(IndexMethod.HNSW.operatorClass(Precision.HALF, Metric.INNER_PRODUCT))
        .isEqualTo("halfvec_ip_ops");
    assertThat(Precision.BINARY.element("vector", 8)).isEqualTo("binary_quantize(vector)::bit(8)");
    assertThat(IndexMethod.HNSW.operatorClass(Precision.BINARY, Metric.COSINE))
        .isEqualTo("bit_hamming_ops");
  }
}

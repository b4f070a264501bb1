package dev.sheaf.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracingConfigSourceFactoryTest {

  @Test
  void tracesAreOffUntilSomethingSaysWhereTheyGo() {
    assertThat(isOff(Map.of())).isTrue();
    assertThat(isOff(Map.of("QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT", ""))).isTrue();
    assertThat(isOff(Map.of("QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")))
        .isFalse();
    assertThat(isOff(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"))).isFalse();
  }

  @Test
  void whoeverSaysSoHimselfIsRight() {
    assertThat(
            isOff(
                Map.of(
                    "QUARKUS_OTEL_SDK_DISABLED", "true",
                    "OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")))
        .isTrue();
  }

  private static boolean isOff(Map<String, String> environment) {
    return new SmallRyeConfigBuilder()
        .addDefaultInterceptors()
        .withSources(new EnvConfigSource(environment, 300))
        .withSources(new TracingConfigSourceFactory())
        .build()
        .getValue("quarkus.otel.sdk.disabled", Boolean.class);
  }
}

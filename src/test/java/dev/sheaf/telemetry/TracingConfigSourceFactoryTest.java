package dev.sheaf.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracingConfigSourceFactoryTest {

  @Test
  void tracesAreOffUntilSomethingSaysWhereTheyGo() {
    assertThat(tracing(Map.of())).isEqualTo("off=true to -");
    assertThat(tracing(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", ""))).isEqualTo("off=true to -");
    assertThat(tracing(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:4317")))
        .isEqualTo("off=false to http://standard:4317");
    assertThat(tracing(Map.of("QUARKUS_OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://own:4317")))
        .isEqualTo("off=false to -");
  }

  @Test
  void quarkusOwnSettingsWin() {
    assertThat(
            tracing(
                Map.of(
                    "QUARKUS_OTEL_EXPORTER_OTLP_ENDPOINT", "http://own:4317",
                    "OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:4317")))
        .isEqualTo("off=false to http://own:4317");
    assertThat(
            tracing(
                Map.of(
                    "QUARKUS_OTEL_SDK_DISABLED", "true",
                    "OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:4317")))
        .isEqualTo("off=true to http://standard:4317");
  }

  private static String tracing(Map<String, String> environment) {
    SmallRyeConfig config =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .withSources(new EnvConfigSource(environment, 300))
            .withSources(new TracingConfigSourceFactory())
            .build();
    return "off=%s to %s"
        .formatted(
            config.getValue("quarkus.otel.sdk.disabled", Boolean.class),
            config
                .getOptionalValue("quarkus.otel.exporter.otlp.endpoint", String.class)
                .orElse("-"));
  }
}

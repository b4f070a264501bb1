package dev.sheaf.telemetry;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// Switches OpenTelemetry on when something says where traces go: Quarkus's own
/// `quarkus.otel.exporter.otlp.endpoint`, or the `OTEL_EXPORTER_OTLP_ENDPOINT` of every language.
public final class TracingConfigSourceFactory implements ConfigSourceFactory {

  private static final String OFF = "quarkus.otel.sdk.disabled";

  private static final List<String> ENDPOINTS =
      List.of(
          "quarkus.otel.exporter.otlp.endpoint",
          "quarkus.otel.exporter.otlp.traces.endpoint",
          "otel.exporter.otlp.endpoint",
          "otel.exporter.otlp.traces.endpoint");

  /// Below every file and variable, above what Quarkus itself takes for an endpoint.
  private static final int ORDINAL = 200;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    boolean on =
        ENDPOINTS.stream()
            .map(context::getValue)
            .anyMatch(TracingConfigSourceFactory::isConfigured);
    return List.of(
        new PropertiesConfigSource(Map.of(OFF, String.valueOf(!on)), "tracing", ORDINAL));
  }

  private static boolean isConfigured(ConfigValue value) {
    return value != null
        && value.getConfigSourceOrdinal() > ORDINAL
        && value.getValue() != null
        && !value.getValue().isBlank();
  }

  @Override
  public OptionalInt getPriority() {
    return OptionalInt.of(ORDINAL);
  }
}

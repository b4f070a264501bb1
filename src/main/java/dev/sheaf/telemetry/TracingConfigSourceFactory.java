package dev.sheaf.telemetry;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// Turns OpenTelemetry on if an endpoint for traces is configured, with Quarkus's own
/// `quarkus.otel.exporter.otlp.endpoint` or with the standard variable
/// `OTEL_EXPORTER_OTLP_ENDPOINT`, which Quarkus does not read.
public final class TracingConfigSourceFactory implements ConfigSourceFactory {

  private static final String OFF = "quarkus.otel.sdk.disabled";
  private static final String ENDPOINT = "quarkus.otel.exporter.otlp.endpoint";
  private static final String TRACES_ENDPOINT = "quarkus.otel.exporter.otlp.traces.endpoint";
  private static final String STANDARD = "OTEL_EXPORTER_OTLP_ENDPOINT";

  /// Lower than configuration files and environment variables, higher than Quarkus's defaults.
  private static final int ORDINAL = 200;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    boolean ownEndpoint =
        isConfigured(context.getValue(ENDPOINT)) || isConfigured(context.getValue(TRACES_ENDPOINT));
    ConfigValue standard = context.getValue(STANDARD);
    Map<String, String> properties = new HashMap<>();
    properties.put(OFF, String.valueOf(!ownEndpoint && !isConfigured(standard)));
    if (!ownEndpoint && isConfigured(standard)) {
      properties.put(ENDPOINT, standard.getValue());
    }
    return List.of(new PropertiesConfigSource(properties, "tracing", ORDINAL));
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

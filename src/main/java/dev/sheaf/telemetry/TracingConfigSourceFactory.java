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

/// Switches OpenTelemetry on when something says where traces go: Quarkus's own
/// `quarkus.otel.exporter.otlp.endpoint`, or the `OTEL_EXPORTER_OTLP_ENDPOINT` of every language,
/// which Quarkus does not know.
public final class TracingConfigSourceFactory implements ConfigSourceFactory {

  private static final String OFF = "quarkus.otel.sdk.disabled";
  private static final String ENDPOINT = "quarkus.otel.exporter.otlp.endpoint";
  private static final String TRACES_ENDPOINT = "quarkus.otel.exporter.otlp.traces.endpoint";
  private static final String STANDARD = "OTEL_EXPORTER_OTLP_ENDPOINT";

  /// Below every file and variable, above what Quarkus itself takes for an endpoint.
  private static final int ORDINAL = 200;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    boolean own = isSaid(context.getValue(ENDPOINT)) || isSaid(context.getValue(TRACES_ENDPOINT));
    ConfigValue standard = context.getValue(STANDARD);
    Map<String, String> properties = new HashMap<>();
    properties.put(OFF, String.valueOf(!own && !isSaid(standard)));
    if (!own && isSaid(standard)) {
      properties.put(ENDPOINT, standard.getValue());
    }
    return List.of(new PropertiesConfigSource(properties, "tracing", ORDINAL));
  }

  private static boolean isSaid(ConfigValue value) {
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

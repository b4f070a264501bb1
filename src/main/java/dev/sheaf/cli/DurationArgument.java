package dev.sheaf.cli;

import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;

/// A duration, written as in the settings: `14d`, `12h`, `30m`, `0s`.
final class DurationArgument implements ITypeConverter<Duration> {

  @Override
  public Duration convert(String value) {
    return DurationConverter.parseDuration(value);
  }
}

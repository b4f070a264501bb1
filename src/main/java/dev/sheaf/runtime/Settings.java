package dev.sheaf.runtime;

import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.SmallRyeConfig;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// The allowed values of all settings, in one place. A service whose settings are not valid does
/// not start, instead of failing later or behaving in an unexpected way.
///
/// A setting that is not listed here fails `SettingsTest`.
public final class Settings {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration YEAR = Duration.ofDays(366);
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration SECOND = Duration.ofSeconds(1);

  /// The most dimensions that pgvector stores.
  private static final long MAX_DIMENSIONS = 16_000;

  private static final long KILOBYTE = 1024;
  private static final long GIGABYTE = 1L << 30;

  /// In a name, `*` stands for a name that the operator chooses.
  private static final List<Setting> ALL =
      List.of(
          setting("quarkus.datasource.jdbc.max-size", whole(2, 10_000)),
          setting("quarkus.datasource.jdbc.acquisition-timeout", duration(MILLISECOND, HOUR)),
          setting("quarkus.datasource.jdbc.max-lifetime", duration(SECOND, DAY)),
          setting("quarkus.datasource.replicas.jdbc.max-size", whole(1, 10_000)),
          setting("quarkus.datasource.replicas.jdbc.max-lifetime", duration(SECOND, DAY)),
          setting("quarkus.http.idle-timeout", duration(SECOND, DAY)),
          setting("quarkus.http.read-timeout", duration(SECOND, DAY)),
          setting("quarkus.shutdown.timeout", duration(Duration.ZERO, HOUR)),
          setting("quarkus.shutdown.delay", duration(Duration.ZERO, HOUR)),
          setting("sheaf.environment", oneOf("production", "development", "test")),
          setting("sheaf.modules.*.enabled", flag()),
          setting("sheaf.citus.enabled", flag()),
          setting("sheaf.changelogs", text()),
          setting("sheaf.database.timeout", duration(SECOND, HOUR)),
          setting("sheaf.database.lock-timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.replicas.url", url("postgres", "postgresql")),
          setting("sheaf.replicas.wait", duration(Duration.ZERO, HOUR)),
          setting("sheaf.replicas.reads", listOf(oneOf("search", "list", "export"))),
          setting("sheaf.access.mode", oneOf("required", "open")),
          setting("sheaf.access.recheck-every", duration(Duration.ZERO, HOUR)),
          setting("sheaf.access.record-use-every", duration(MILLISECOND, HOUR)),
          setting("sheaf.access.oidc.roles.reader", text()),
          setting("sheaf.access.oidc.roles.writer", text()),
          setting("sheaf.access.oidc.roles.admin", text()),
          setting("sheaf.access.oidc.roles.operator", text()),
          setting("sheaf.access.open-hosts", text()),
          setting("sheaf.access.oidc.collections-claim", text()),
          setting("sheaf.embedding.model", text()),
          setting("sheaf.embedding.bundled.threads", whole(1, 1_024)),
          setting("sheaf.embedding.openai.*.url", url("http", "https")),
          setting("sheaf.embedding.openai.*.model", text()),
          setting("sheaf.embedding.openai.*.api-key", key()),
          setting("sheaf.embedding.openai.*.api-key-file", text()),
          setting("sheaf.embedding.openai.*.dimensions", whole(1, MAX_DIMENSIONS)),
          setting("sheaf.embedding.openai.*.send-dimensions", flag()),
          setting("sheaf.embedding.openai.*.max-tokens", whole(1, 1_000_000)),
          setting("sheaf.embedding.openai.*.query-prefix", text()),
          setting("sheaf.embedding.openai.*.document-prefix", text()),
          setting("sheaf.embedding.openai.*.batch-size", whole(1, 10_000)),
          setting("sheaf.embedding.openai.*.concurrency", whole(1, 1_000)),
          setting("sheaf.embedding.openai.*.timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.embedding.openai.*.query-timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.embedding.openai.*.retries", whole(0, 100)),
          setting("sheaf.embedding.openai.*.backoff", duration(MILLISECOND, HOUR)),
          setting("sheaf.chunking.max-tokens", whole(16, 1_000_000)),
          setting("sheaf.chunking.overlap-tokens", whole(0, 1_000_000)),
          setting("sheaf.search.ef-search", whole(1, 1_000)),
          setting("sheaf.search.max-scanned", whole(1, Integer.MAX_VALUE)),
          setting("sheaf.search.timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.search.max-timeout", duration(MILLISECOND, Duration.ofMinutes(10))),
          setting("sheaf.search.evaluation-timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.search.slow", duration(Duration.ZERO, DAY)),
          setting("sheaf.search.cached-queries", whole(0, 1_000_000)),
          setting("sheaf.rerank.url", url("http", "https")),
          setting("sheaf.rerank.directory", text()),
          setting("sheaf.rerank.model", text()),
          setting("sheaf.rerank.format", oneOf("cohere", "tei")),
          setting("sheaf.rerank.api-key", key()),
          setting("sheaf.rerank.api-key-file", text()),
          setting("sheaf.rerank.timeout", duration(MILLISECOND, Duration.ofMinutes(10))),
          setting("sheaf.rerank.max-hits", whole(1, 1_000)),
          setting("sheaf.rerank.batch-size", whole(1, 1_000)),
          setting("sheaf.rerank.max-text", size(64, 1 << 20)),
          setting("sheaf.rerank.concurrency", whole(1, 1_000)),
          setting("sheaf.rerank.max-tokens", whole(16, 2_048)),
          setting("sheaf.rerank.threads", whole(1, 1_024)),
          setting("sheaf.index.min-rows", whole(1, Integer.MAX_VALUE)),
          setting("sheaf.index.check-every", duration(MILLISECOND, DAY)),
          setting("sheaf.index.defer-above", number("0", "1e9")),
          setting("sheaf.index.defer-at-most", duration(Duration.ZERO, YEAR)),
          setting("sheaf.index.m", whole(2, 100)),
          setting("sheaf.index.ef-construction", whole(4, 1_000)),
          setting("sheaf.index.memory", size(1 << 20, 1L << 40)),
          setting("sheaf.index.measure-after", number("0.001", "1000")),
          setting("sheaf.index.measure-at-most", duration(MILLISECOND, HOUR)),
          setting("sheaf.index.sample", whole(1, 10_000)),
          setting("sheaf.index.recall-precision", number("0.001", "1")),
          setting("sheaf.index.max-ef-search", whole(10, 1_000)),
          setting("sheaf.index.sample-queries", flag()),
          setting("sheaf.index.max-recall-loss", number("0", "1")),
          setting("sheaf.http.max-body-size", size(KILOBYTE, GIGABYTE)),
          setting("sheaf.limits.searches", whole(1, 10_000)),
          setting("sheaf.limits.writes", whole(1, 10_000)),
          setting("sheaf.limits.reads", whole(1, 10_000)),
          setting("sheaf.limits.exports", whole(1, 10_000)),
          setting("sheaf.limits.uploads", whole(1, 10_000)),
          setting("sheaf.limits.authentications", whole(1, 10_000)),
          setting("sheaf.limits.embeddings", whole(1, 10_000)),
          setting("sheaf.limits.memory", size(KILOBYTE, 1L << 50)),
          setting("sheaf.limits.header-timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.limits.keep-alive", duration(MILLISECOND, DAY)),
          setting("sheaf.limits.queue-for", duration(Duration.ZERO, HOUR)),
          setting("sheaf.limits.queue", whole(0, 100_000)),
          setting("sheaf.limits.delete-time", duration(MILLISECOND, DAY)),
          setting("sheaf.limits.collection-share", whole(1, 100)),
          setting("sheaf.limits.backup-locks", flag()),
          setting("sheaf.limits.transfer-rate", size(1, GIGABYTE)),
          setting("sheaf.limits.transfer-grace", duration(MILLISECOND, DAY)),
          setting("sheaf.limits.stream-rate", size(1, GIGABYTE)),
          setting("sheaf.limits.stream-grace", duration(MILLISECOND, DAY)),
          setting("sheaf.limits.open-uploads", whole(1, 100_000)),
          setting("sheaf.limits.open-uploads-per-caller", whole(1, 100_000)),
          setting("sheaf.limits.open-exports", whole(1, 100_000)),
          setting("sheaf.limits.open-exports-per-caller", whole(1, 100_000)),
          setting("sheaf.limits.export-spool", size(0, 1L << 50)),
          setting("sheaf.limits.event-streams", whole(1, 100_000)),
          setting("sheaf.limits.event-streams-per-caller", whole(1, 100_000)),
          setting("sheaf.limits.requests-per-second", whole(1, 1_000_000)),
          setting("sheaf.limits.burst-seconds", whole(1, 3_600)),
          setting("sheaf.ingestion.max-line-size", size(KILOBYTE, GIGABYTE)),
          setting("sheaf.ingestion.max-stored-size", size(KILOBYTE, 1L << 50)),
          setting("sheaf.ingestion.max-waiting-size", size(KILOBYTE, 1L << 50)),
          setting("sheaf.ingestion.max-failed-size", size(KILOBYTE, 1L << 50)),
          setting("sheaf.ingestion.kept-errors", whole(0, 1_000_000)),
          setting("sheaf.ingestion.poll-every", duration(MILLISECOND, HOUR)),
          setting("sheaf.ingestion.lease", duration(SECOND, DAY)),
          setting("sheaf.ingestion.heartbeat-every", duration(MILLISECOND, HOUR)),
          setting("sheaf.ingestion.max-turn", duration(Duration.ZERO, DAY)),
          setting("sheaf.ingestion.max-attempts", whole(1, 1_000_000)),
          setting("sheaf.ingestion.keep-jobs", duration(Duration.ZERO, YEAR.multipliedBy(100))),
          setting("sheaf.schema.at-start", oneOf("migrate", "check", "off")),
          setting("sheaf.schema.jdbc-url", url("jdbc:postgresql")),
          setting("sheaf.schema.scratch-url", url("postgres", "postgresql")),
          setting("sheaf.schema.root", text()),
          setting("sheaf.schema.lock-wait", duration(Duration.ZERO, YEAR)),
          setting("sheaf.schema.lock-poll", duration(MILLISECOND, HOUR)),
          setting("sheaf.schema.lock-timeout", duration(Duration.ZERO, HOUR)),
          setting("sheaf.schema.statement-timeout", duration(Duration.ZERO, YEAR)),
          setting("sheaf.schema.retries", whole(0, 1_000)),
          setting("sheaf.schema.backoff", duration(MILLISECOND, HOUR)),
          setting("sheaf.schema.backoff-limit", duration(MILLISECOND, DAY)),
          setting("sheaf.schema.out-of-order", oneOf("apply", "refuse")),
          setting("sheaf.schema.backup-max-age", duration(SECOND, YEAR)),
          setting("sheaf.schema.verify-ignore", text()),
          setting("sheaf.schema.vector-widths", listOf(whole(1, MAX_DIMENSIONS))),
          setting("sheaf.backfill.enabled", flag()),
          setting("sheaf.backfill.http-control", flag()),
          setting("sheaf.backfill.check-every", duration(MILLISECOND, HOUR)),
          setting("sheaf.backfill.batch-time", duration(MILLISECOND, HOUR)),
          setting("sheaf.backfill.first-batch", whole(1, 10_000_000)),
          setting("sheaf.backfill.max-batch", whole(1, 10_000_000)),
          setting("sheaf.backfill.rest", number("0", "1000")),
          setting("sheaf.backfill.lease", duration(SECOND, DAY)),
          setting("sheaf.backfill.lock-timeout", duration(MILLISECOND, HOUR)),
          setting("sheaf.backfill.statement-timeout", duration(Duration.ZERO, YEAR)),
          setting("sheaf.backfill.condition-timeout", duration(Duration.ZERO, YEAR)),
          setting("sheaf.backfill.attempts", whole(1, 1_000_000)),
          setting("sheaf.backfill.backoff", duration(MILLISECOND, HOUR)),
          setting("sheaf.backfill.backoff-limit", duration(MILLISECOND, DAY)),
          setting("sheaf.backfill.max-replica-lag", duration(MILLISECOND, DAY)),
          setting("sheaf.backfill.max-wal-backlog", size(KILOBYTE, 1L << 50)),
          setting("sheaf.backfill.yield-to-vacuum", flag()),
          setting("sheaf.metrics.every", durationOrOff(SECOND, DAY)),
          setting("sheaf.metrics.collections", whole(0, 100_000)),
          setting("sheaf.mongodb.url", url("mongodb", "mongodb+srv")),
          setting("sheaf.mongodb.database", text()),
          setting("sheaf.mongodb.root", text()),
          setting("sheaf.mongodb.timeout", duration(MILLISECOND, HOUR)));

  private Settings() {}

  /// The values that a setting may have.
  ///
  /// @param description completes `must be ...`
  /// @param shown whether a value that is not valid may be shown
  private record Allowed(String description, Check check, boolean shown) {
    Allowed(String description, Check check) {
      this(description, check, true);
    }
  }

  private interface Check {
    /// @throws RuntimeException if `value` does not have the right form
    boolean accepts(String value);
  }

  private record Setting(String name, Allowed allowed) {

    /// A name in quotation marks may contain dots.
    Pattern pattern() {
      return Pattern.compile(
          Arrays.stream(name.split("\\*", -1))
              .map(Pattern::quote)
              .reduce((a, b) -> a + NAME + b)
              .orElseThrow());
    }
  }

  private static final String NAME = "(?:[^.\"]+|\"[^\"]+\")";

  /// Checks all settings that have a value.
  ///
  /// @throws OperatorException that names each setting that is not valid, with its value and the
  ///   values that are allowed
  public static void check(SmallRyeConfig config) {
    List<String> configured =
        StreamSupport.stream(config.getPropertyNames().spliterator(), false)
            .filter(name -> name.startsWith("sheaf."))
            .toList();
    var problems = new ArrayList<String>();
    for (Setting setting : ALL) {
      if (setting.name().contains("*")) {
        Pattern pattern = setting.pattern();
        configured.stream()
            .filter(name -> pattern.matcher(name).matches())
            .forEach(name -> check(config, name, setting.allowed(), problems));
      } else {
        check(config, setting.name(), setting.allowed(), problems);
      }
    }
    if (problems.isEmpty()) {
      requireOverlapShorterThanChunk(config, problems);
      requireModelOfReranking(config, problems);
      rejectReplicasOfCitus(config, problems);
      requireKeyFiles(config, configured, problems);
    }
    if (!problems.isEmpty()) {
      throw new OperatorException(String.join("; ", problems), "correct the setting, or remove it");
    }
  }

  private static void requireOverlapShorterThanChunk(SmallRyeConfig config, List<String> problems) {
    String overlap = text(config.getConfigValue("sheaf.chunking.overlap-tokens"));
    String chunk = text(config.getConfigValue("sheaf.chunking.max-tokens"));
    if (overlap != null && chunk != null && Long.parseLong(overlap) >= Long.parseLong(chunk)) {
      problems.add(
          "sheaf.chunking.overlap-tokens must be less than sheaf.chunking.max-tokens, which is %s, not %s"
              .formatted(chunk, overlap));
    }
  }

  private static void requireModelOfReranking(SmallRyeConfig config, List<String> problems) {
    if (text(config.getConfigValue("sheaf.rerank.url")) == null) {
      return;
    }
    if (text(config.getConfigValue("sheaf.rerank.directory")) != null) {
      problems.add("sheaf.rerank.directory must not be set together with sheaf.rerank.url");
    } else if (text(config.getConfigValue("sheaf.rerank.model")) == null) {
      problems.add("sheaf.rerank.model must be the name of the model of sheaf.rerank.url");
    }
  }

  private static void rejectReplicasOfCitus(SmallRyeConfig config, List<String> problems) {
    if ("true".equalsIgnoreCase(text(config.getConfigValue("sheaf.citus.enabled")))
        && text(config.getConfigValue("sheaf.replicas.url")) != null) {
      problems.add(
          "sheaf.replicas.url must not be set with sheaf.citus.enabled=true: a standby of the coordinator has no shards");
    }
  }

  private static void requireKeyFiles(
      SmallRyeConfig config, List<String> configured, List<String> problems) {
    // A variable of the environment is found by the name of its setting, even if it is not listed.
    Set<String> names = new TreeSet<>(List.of("sheaf.rerank.api-key-file"));
    configured.stream().filter(name -> name.endsWith(".api-key-file")).forEach(names::add);
    for (String name : names) {
      String file = text(config.getConfigValue(name));
      try {
        if (file != null) {
          KeyFile.read(Path.of(file));
        }
      } catch (IllegalArgumentException _) {
        problems.add(
            "%s must be a file that contains ASCII characters without spaces, not %s"
                .formatted(name, file));
      }
    }
  }

  /// The names of all settings.
  static List<String> names() {
    return ALL.stream().map(Setting::name).toList();
  }

  static boolean isKnown(String name) {
    return ALL.stream().anyMatch(setting -> setting.pattern().matcher(name).matches());
  }

  private static void check(
      SmallRyeConfig config, String name, Allowed allowed, List<String> problems) {
    ConfigValue value = config.getConfigValue(name);
    String text = text(value);
    if (text != null && !isValid(allowed, text)) {
      problems.add(
          "%s must be %s%s (%s)"
              .formatted(
                  name,
                  allowed.description(),
                  allowed.shown() ? ", not " + text : "",
                  value.getConfigSourceName()));
    }
  }

  /// `null` if there is none.
  private static @Nullable String text(ConfigValue value) {
    String text = value.getValue();
    return text == null || text.isBlank() ? null : text.strip();
  }

  private static boolean isValid(Allowed allowed, String text) {
    try {
      return allowed.check().accepts(text);
    } catch (RuntimeException _) {
      return false;
    }
  }

  private static Setting setting(String name, Allowed allowed) {
    return new Setting(name, allowed);
  }

  private static Allowed text() {
    return new Allowed("a text", _ -> true);
  }

  /// A key that is sent in a header.
  private static Allowed key() {
    return new Allowed("ASCII characters without spaces", KeyFile::isKey, false);
  }

  private static Allowed flag() {
    return oneOf("true", "false");
  }

  private static Allowed oneOf(String... values) {
    List<String> all = List.of(values);
    return new Allowed(
        all.size() == 2 ? String.join(" or ", all) : "one of " + String.join(", ", all),
        text -> all.contains(text.toLowerCase(Locale.ROOT)));
  }

  private static Allowed whole(long min, long max) {
    return new Allowed(
        "a whole number from " + min + " to " + max,
        text -> {
          var number = new BigInteger(text);
          return number.compareTo(BigInteger.valueOf(min)) >= 0
              && number.compareTo(BigInteger.valueOf(max)) <= 0;
        });
  }

  private static Allowed number(String min, String max) {
    return new Allowed(
        "a number from " + min + " to " + new BigDecimal(max).toPlainString(),
        text -> {
          // Not BigDecimal, which takes forever for 1e999999999.
          double number = Double.parseDouble(text);
          return number >= Double.parseDouble(min) && number <= Double.parseDouble(max);
        });
  }

  private static Allowed duration(Duration min, Duration max) {
    return new Allowed(
        "a duration from %s to %s, such as 500ms, 30s or 5m"
            .formatted(Durations.text(min), days(max)),
        text -> {
          Duration duration = DurationConverter.parseDuration(text);
          return duration != null && duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0;
        });
  }

  private static String days(Duration duration) {
    return duration.compareTo(DAY) > 0 ? duration.toDays() + " d" : Durations.text(duration);
  }

  private static Allowed durationOrOff(Duration min, Duration max) {
    Allowed duration = duration(min, max);
    return new Allowed(
        "off, or " + duration.description(),
        text -> text.equals("off") || duration.check().accepts(text));
  }

  private static Allowed size(long min, long max) {
    return new Allowed(
        "a size from %s to %s, such as 512K or 10M".formatted(bytes(min), bytes(max)),
        text -> {
          BigInteger size = new MemorySizeConverter().convert(text).asBigInteger();
          return size.compareTo(BigInteger.valueOf(min)) >= 0
              && size.compareTo(BigInteger.valueOf(max)) <= 0;
        });
  }

  private static String bytes(long size) {
    if (size == 0) {
      return "0";
    }
    int unit = Long.numberOfTrailingZeros(size) / 10;
    return (size >> (10 * unit)) + "BKMGTP".substring(unit, unit + 1);
  }

  private static Allowed listOf(Allowed element) {
    return new Allowed(
        "a list, separated by commas, of which each is " + element.description(),
        text ->
            Arrays.stream(text.split(",", -1))
                .allMatch(one -> element.check().accepts(one.strip())));
  }

  /// Its value may contain a password, so it is not shown.
  private static Allowed url(String... schemes) {
    List<String> all = List.of(schemes);
    return new Allowed(
        "a URL that begins with " + String.join(":// or ", all) + "://",
        text -> all.stream().anyMatch(scheme -> text.startsWith(scheme + "://")),
        false);
  }
}

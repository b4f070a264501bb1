package dev.sheaf.cli;

import dev.sheaf.access.ApiKeys;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.database.DatabaseUrlConfigSourceFactory;
import dev.sheaf.database.LiteralValueInterceptor;
import dev.sheaf.embedding.IndexMethod;
import dev.sheaf.embedding.Metric;
import dev.sheaf.embedding.Precision;
import dev.sheaf.http.Caller;
import dev.sheaf.migration.MigrationConfig;
import dev.sheaf.migration.backfill.BackfillConfig;
import dev.sheaf.migration.backfill.Backfills;
import dev.sheaf.migration.changelog.Changelogs;
import dev.sheaf.migration.changelog.ChangesetVersion;
import dev.sheaf.migration.changelog.Modules;
import dev.sheaf.migration.engine.Migrations;
import dev.sheaf.migration.history.ChangesetSelection;
import dev.sheaf.migration.lint.rule.Vectors;
import dev.sheaf.migration.proof.SchemaComparison;
import dev.sheaf.migration.proof.Squash;
import dev.sheaf.migration.scratch.ScratchDatabase;
import dev.sheaf.mongodb.MongoConfig;
import dev.sheaf.mongodb.MongoSeed;
import dev.sheaf.runtime.Environment;
import dev.sheaf.runtime.ModuleSwitches;
import dev.sheaf.runtime.ModulesConfig;
import dev.sheaf.runtime.OperatorException;
import dev.sheaf.runtime.ProcessIdentity;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.DotEnvConfigSourceProvider;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.WithParentName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options of every command, and what commands create from them: settings, engine, output.
final class Common {

  /// Ordinals of configuration sources, as in Quarkus: the file beside the application overrides
  /// the one inside it, and the environment (300) overrides both. The command line overrides all.
  private static final int IN_ARTIFACT = 250;

  private static final int BESIDE_ARTIFACT = 260;
  private static final int ON_COMMAND_LINE = 500;

  private static final String SCHEMA_FILE = "schema.sql";

  private static final Path CHECKOUT = Path.of("src/main/resources/db/changelog");

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A properties file with more settings.")
  private @Nullable Path config;

  @Option(
      names = "--root",
      paramLabel = "DIR",
      description =
          "A directory of changelogs to use instead of the built-in ones; it contains core/.")
  private @Nullable Path root;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Option(names = "--quiet", description = "Print nothing on stderr except errors.")
  private boolean quiet;

  // Cli.report looks for the option itself, because parsing may have failed.
  @Option(names = "--verbose", description = "Print the stack trace of a failure.")
  @SuppressWarnings("UnusedVariable")
  private boolean verbose;

  private @Nullable String scratchUrl;

  /// Uses the changelogs of a directory that a command has an option of its own for.
  void useRoot(Path directory) {
    root = directory;
  }

  Output output() {
    if (spec == null) {
      throw new IllegalStateException("Picocli sets it");
    }
    return new Output(spec.commandLine().getOut(), spec.commandLine().getErr(), json, quiet);
  }

  /// The engine for the configured database.
  Migrations migrations() {
    SmallRyeConfig settings = settings();
    return migrations(
        settings,
        DatabaseAddress.configured(
            settings, settings.getConfigMapping(MigrationConfig.class).jdbcUrl()));
  }

  /// The engine for the configured database, with all modules of other changelogs.
  Migrations migrations(Changelogs changelogs) {
    return new Migrations(
        database(), schema(), changelogs, Modules.everything(changelogs), isProduction());
  }

  /// The engine for work on scratch databases. No other database has to be configured. In a
  /// checkout, the engine uses the checkout's changelogs.
  Migrations migrations(ScratchOptions scratch) {
    scratchUrl = scratch.url();
    root = directory().orElse(null);
    SmallRyeConfig settings = settings();
    return migrations(settings, anyDatabase(settings));
  }

  /// Compares the schema that the changelogs of the directory make, which may be empty, with
  /// others, on scratch databases.
  SchemaComparison comparison(ScratchOptions scratch) {
    scratchUrl = scratch.url();
    SmallRyeConfig settings = settings();
    MigrationConfig schema = settings.getConfigMapping(MigrationConfig.class);
    return new SchemaComparison(
        ScratchDatabase.server(anyDatabase(settings), schema),
        schema,
        ChangesetSelection.schema(changelogs()));
  }

  /// One changeset in the place of the first ones of a module, in the directory of changelogs.
  Squash squash(ScratchOptions scratch, String module, ChangesetVersion to) {
    scratchUrl = scratch.url();
    SmallRyeConfig settings = settings();
    MigrationConfig schema = settings.getConfigMapping(MigrationConfig.class);
    return new Squash(
        ScratchDatabase.server(anyDatabase(settings), schema), schema, changelogs(), module, to);
  }

  /// The configured database, or else the server for scratch databases.
  private static DatabaseAddress anyDatabase(SmallRyeConfig settings) {
    MigrationConfig schema = settings.getConfigMapping(MigrationConfig.class);
    return DatabaseAddress.ifConfigured(settings, schema.jdbcUrl())
        .or(() -> schema.scratchUrl().map(DatabaseAddress::parse))
        .orElseGet(() -> DatabaseAddress.configured(settings, schema.jdbcUrl()));
  }

  private static Migrations migrations(SmallRyeConfig settings, DatabaseAddress database) {
    return Migrations.of(
        database,
        settings.getConfigMapping(MigrationConfig.class),
        settings.getConfigMapping(ModulesConfig.class),
        Environment.isProduction(settings));
  }

  /// The configured database.
  DatabaseAddress database() {
    SmallRyeConfig settings = settings();
    return DatabaseAddress.configured(
        settings, settings.getConfigMapping(MigrationConfig.class).jdbcUrl());
  }

  /// The backfills of the configured database.
  Backfills backfills() {
    return Backfills.of(database(), settings().getConfigMapping(BackfillConfig.class));
  }

  /// The API keys of the configured database. The audit trail names this process as the caller.
  ApiKeys keys() {
    ModuleSwitches modules = new ModuleSwitches(modules(), schema().root());
    DatabaseAddress database = database();
    Caller caller = Caller.of("process:" + ProcessIdentity.NAME);
    return new ApiKeys(
        () -> database.open("sheaf " + ProcessIdentity.NAME),
        new AuditTrail(modules, () -> caller));
  }

  /// The database of a URL on the command line.
  DatabaseAddress database(String url) {
    return DatabaseAddress.parse(url, settings());
  }

  /// The configured database; empty if none is configured.
  Optional<DatabaseAddress> databaseIfConfigured() {
    SmallRyeConfig settings = settings();
    return DatabaseAddress.ifConfigured(
        settings, settings.getConfigMapping(MigrationConfig.class).jdbcUrl());
  }

  boolean isProduction() {
    return Environment.isProduction(settings());
  }

  MigrationConfig schema() {
    return settings().getConfigMapping(MigrationConfig.class);
  }

  ModulesConfig modules() {
    return settings().getConfigMapping(ModulesConfig.class);
  }

  /// The indexes of MongoDB; empty if MongoDB is off.
  Optional<MongoSeed> mongodb() {
    SmallRyeConfig settings = settings();
    return MongoSeed.of(
        settings.getConfigMapping(MongoConfig.class),
        migrations().modules(),
        settings.getConfigMapping(MigrationConfig.class).root());
  }

  /// The directory to write changelogs to: `--root`, or the checkout's own.
  Path sources() {
    return directory().orElse(CHECKOUT);
  }

  /// The directory of changelogs: `--root`, or the checkout's own; empty outside of a checkout.
  Optional<Path> directory() {
    return Optional.ofNullable(root)
        .or(() -> schema().root())
        .or(() -> Optional.of(CHECKOUT).filter(Files::isDirectory));
  }

  /// The usual file of the schema: `schema.sql` beside the directory of changelogs.
  Path schemaFile() {
    Path directory = sources();
    Path parent = directory.toAbsolutePath().normalize().getParent();
    return directory.getParent() != null
        ? directory.resolveSibling(SCHEMA_FILE)
        : parent != null && parent.equals(Path.of("").toAbsolutePath())
            ? Path.of(SCHEMA_FILE)
            : directory.toAbsolutePath().normalize().resolveSibling(SCHEMA_FILE);
  }

  /// The changelogs in [#directory], or else those in the artifact.
  Changelogs changelogs() {
    return directory().map(Changelogs::in).orElseGet(Changelogs::bundled);
  }

  /// The dimensions of the service's models, and the operator classes that its searches use.
  Vectors vectors() {
    Set<String> operatorClasses =
        Arrays.stream(Precision.values())
            .flatMap(precision ->
                Arrays.stream(Metric.values())
                    .flatMap(metric ->
                        Arrays.stream(IndexMethod.values())
                            .map(method -> method.operatorClass(precision, metric))))
            .collect(Collectors.toSet());
    SmallRyeConfig settings = settings();
    Set<Integer> dimensions =
        new HashSet<>(settings.getConfigMapping(MigrationConfig.class).vectorWidths());
    for (ModelDimensions.Model model :
        settings.getConfigMapping(ModelDimensions.class).models().values()) {
      model.dimensions().ifPresent(dimensions::add);
    }
    return new Vectors(dimensions, operatorClasses);
  }

  /// The numbers of dimensions of models on servers with OpenAI's API, without their other
  /// settings.
  @ConfigMapping(prefix = "sheaf.embedding.openai")
  interface ModelDimensions {

    @WithParentName
    Map<String, Model> models();

    /// One model.
    interface Model {
      Optional<Integer> dimensions();
    }
  }

  private SmallRyeConfig settings() {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDefaultInterceptors()
            .addDefaultSources()
            .addDiscoveredConverters()
            .withProfile(profile())
            .withSources(new DotEnvConfigSourceProvider())
            .withSources(new DatabaseUrlConfigSourceFactory())
            .withInterceptors(new LiteralValueInterceptor())
            .withMapping(MigrationConfig.class)
            .withMapping(ModulesConfig.class)
            .withMapping(MongoConfig.class)
            .withMapping(BackfillConfig.class)
            .withMapping(ModelDimensions.class)
            .withMappingIgnore("sheaf.embedding.openai.**");
    try {
      URL packaged =
          Thread.currentThread().getContextClassLoader().getResource("application.properties");
      if (packaged != null) {
        builder.withSources(new PropertiesConfigSource(packaged, IN_ARTIFACT));
      }
      Path beside = Path.of("config", "application.properties");
      if (Files.exists(beside)) {
        builder.withSources(new PropertiesConfigSource(beside.toUri().toURL(), BESIDE_ARTIFACT));
      }
      if (config != null) {
        if (!Files.isReadable(config)) {
          throw new OperatorException(
              "cannot read " + config, "--config takes the path of a properties file");
        }
        if (config.toString().matches("(?i).*\\.ya?ml")) {
          throw new OperatorException(
              config + " is YAML, which --config does not read",
              "write the settings into a properties file, as name=value");
        }
        builder.withSources(
            new PropertiesConfigSource(
                config.toUri().toURL(), DatabaseUrlConfigSourceFactory.NAMED_FILE));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return builder.withSources(onCommandLine()).build();
  }

  private ConfigSource onCommandLine() {
    Map<String, String> values = new HashMap<>();
    if (root != null) {
      values.put("sheaf.schema.root", root.toString());
    }
    if (scratchUrl != null) {
      values.put("sheaf.schema.scratch-url", scratchUrl);
    }
    return new PropertiesConfigSource(values, "command line", ON_COMMAND_LINE);
  }

  private static String profile() {
    String property = System.getProperty("quarkus.profile");
    return property != null
        ? property
        : Optional.ofNullable(System.getenv("QUARKUS_PROFILE")).orElse("prod");
  }
}

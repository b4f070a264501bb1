package dev.sheaf.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DatabaseUrlConfigSourceFactoryTest {

  @Test
  void aDatabaseUrlSetsTheDatasource() {
    SmallRyeConfig config =
        config(Map.of("DATABASE_URL", "postgres://ann:p%40ss@db:6543/docs?sslmode=require"));

    assertThat(datasource(config))
        .isEqualTo("jdbc:postgresql://db:6543/docs?sslmode=require ann p@ss");
  }

  @Test
  void soDoItsParts() {
    SmallRyeConfig config =
        config(
            Map.of(
                "DB_HOST",
                "db",
                "DB_PORT",
                "6543",
                "DB_NAME",
                "docs",
                "DB_USER",
                "ann",
                "DB_PASSWORD",
                "p@ss"));

    assertThat(datasource(config)).isEqualTo("jdbc:postgresql://db:6543/docs ann p@ss");
  }

  @Test
  void quarkusOwnSettingWins() {
    SmallRyeConfig config =
        config(
            Map.of(
                "DATABASE_URL", "postgres://ann:secret@db/docs",
                "quarkus.datasource.jdbc.url", "jdbc:postgresql://other/docs"));

    assertThat(datasource(config)).isEqualTo("jdbc:postgresql://other/docs - -");
  }

  @Test
  void nothingSaysNothing() {
    assertThat(datasource(config(Map.of()))).isEqualTo("- - -");
  }

  private static SmallRyeConfig config(Map<String, String> values) {
    return new SmallRyeConfigBuilder()
        .withSources(new PropertiesConfigSource(values, "a test", 300))
        .withSources(new DatabaseUrlConfigSourceFactory())
        .build();
  }

  private static String datasource(SmallRyeConfig config) {
    return String.join(
        " ",
        value(config, "quarkus.datasource.jdbc.url"),
        value(config, "quarkus.datasource.username"),
        value(config, "quarkus.datasource.password"));
  }

  private static String value(SmallRyeConfig config, String name) {
    return config.getOptionalValue(name, String.class).orElse("-");
  }
}

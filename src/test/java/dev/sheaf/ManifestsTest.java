package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/// The manifests for Kubernetes: each object has the fields of its kind and no others, and those
/// that speak of each other agree.
class ManifestsTest {

  private static final Path ROOT = Path.of("src/main/kubernetes");
  private static final String POD = "/spec/template/spec";
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Of operators, whose fields the API of Kubernetes does not know.
  private static final Set<String> CUSTOM =
      Set.of(
          "monitoring.coreos.com/v1 ServiceMonitor",
          "monitoring.coreos.com/v1 PrometheusRule",
          "postgresql.cnpg.io/v1 Cluster");

  @Test
  void everyObjectIsValid() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(ROOT)) {
      files =
          all.filter(file -> file.toString().endsWith(".yaml"))
              .filter(file -> !file.endsWith("kustomization.yaml"))
              .toList();
    }
    List<String> kinds = new ArrayList<>();
    for (Path file : files) {
      for (JsonNode object : objects(Files.readString(file))) {
        kinds.add(validated(object, file.toString()));
      }
    }
    assertThat(kinds)
        .containsExactlyInAnyOrder(
            "ServiceAccount",
            "Job",
            "Deployment",
            "Service",
            "HorizontalPodAutoscaler",
            "PodDisruptionBudget",
            "NetworkPolicy",
            "Ingress",
            "ServiceMonitor",
            "PrometheusRule",
            "PersistentVolumeClaim",
            "CronJob",
            "Cluster");
  }

  @ParameterizedTest
  @ValueSource(strings = {"production", "cloudnativepg"})
  void overlaysBuild(String overlay, @TempDir Path directory)
      throws IOException, InterruptedException {
    assumeTrue(runs("kubectl", "kustomize", "--help"), "kubectl is not installed");
    copy(ROOT, directory);
    Files.copy(
        ROOT.resolve("overlays/production/database.env.example"),
        directory.resolve("overlays/production/database.env"));

    Process kustomize =
        new ProcessBuilder(
                "kubectl", "kustomize", directory.resolve("overlays/" + overlay).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String built = new String(kustomize.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(kustomize.waitFor()).isZero();

    List<JsonNode> objects = objects(built);
    assertThat(objects).hasSizeGreaterThan(10);
    objects.forEach(object -> validated(object, overlay));
    assertThat(built).doesNotContain("image: sheaf\n");
  }

  @Test
  void podsWaitForTheMigrationAndDoNotMigrate() throws IOException {
    JsonNode service = only("base/deployment.yaml").at(POD);

    assertThat(only("base/migration.yaml").at(POD).at("/containers/0/args"))
        .map(JsonNode::asText)
        .containsExactly("migrate", "up");
    assertThat(service.at("/initContainers/0/args"))
        .map(JsonNode::asText)
        .startsWith("migrate", "wait");
    JsonNode sheaf = service.at("/containers/0");
    assertThat(sheaf.at("/env"))
        .map(variable -> variable.path("name").asText() + "=" + variable.path("value").asText())
        .contains("SHEAF_SCHEMA_AT_START=check");
    assertThat(List.of("startup", "readiness", "liveness"))
        .map(probe -> sheaf.at("/" + probe + "Probe/httpGet/path").asText())
        .containsExactly("/q/health/started", "/q/health/ready", "/q/health/live");
  }

  /// During a rollout, with as many pods as there can be.
  @Test
  void podsLeaveConnectionsToOthers() throws IOException {
    JsonNode deployment = only("base/deployment.yaml");
    int pods =
        only("base/horizontalpodautoscaler.yaml").at("/spec/maxReplicas").asInt()
            + deployment.at("/spec/strategy/rollingUpdate/maxSurge").asInt();
    int connections = 0;
    for (JsonNode variable : deployment.at(POD + "/containers/0/env")) {
      if (variable.path("name").asText().equals("QUARKUS_DATASOURCE_JDBC_MAX_SIZE")) {
        connections = variable.path("value").asInt();
      }
    }

    // PostgreSQL's default is 100, of which it keeps three. Each pod has two outside of its pool.
    assertThat(pods * (connections + 2)).isBetween(pods * 10, 100 - 3 - 10);
  }

  @Test
  void podsHaveNoRights() throws IOException {
    JsonNode backup = object("components/backup/backup.yaml", "CronJob").at("/spec/jobTemplate");
    for (JsonNode pod :
        List.of(
            only("base/deployment.yaml").at(POD),
            only("base/migration.yaml").at(POD),
            backup.at(POD))) {
      assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      pod.path("initContainers").forEach(ManifestsTest::hasNoRights);
      pod.path("containers").forEach(ManifestsTest::hasNoRights);
    }
  }

  private static void hasNoRights(JsonNode container) {
    assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(container.at("/securityContext/capabilities/drop/0").asText()).isEqualTo("ALL");
    assertThat(container.at("/resources/limits/cpu").isMissingNode()).isFalse();
    assertThat(container.at("/resources/limits/memory").isMissingNode()).isFalse();
  }

  @Test
  void selectorsFindTheService() throws IOException {
    JsonNode deployment = only("base/deployment.yaml");
    JsonNode labels = deployment.at("/spec/template/metadata/labels");

    assertThat(labels)
        .isEqualTo(deployment.at("/spec/selector/matchLabels"))
        .isEqualTo(only("base/service.yaml").at("/spec/selector"))
        .isEqualTo(only("base/poddisruptionbudget.yaml").at("/spec/selector/matchLabels"))
        .isNotEqualTo(only("base/migration.yaml").at("/spec/template/metadata/labels"));
    assertThat(only("base/horizontalpodautoscaler.yaml").at("/spec/scaleTargetRef/name"))
        .isEqualTo(deployment.at("/metadata/name"));
  }

  /// The one object in a file.
  private static JsonNode only(String file) throws IOException {
    List<JsonNode> objects = objects(Files.readString(ROOT.resolve(file)));
    assertThat(objects).hasSize(1);
    return objects.getFirst();
  }

  private static JsonNode object(String file, String kind) throws IOException {
    return objects(Files.readString(ROOT.resolve(file))).stream()
        .filter(object -> object.path("kind").asText().equals(kind))
        .findFirst()
        .orElseThrow();
  }

  private static List<JsonNode> objects(String yaml) {
    List<JsonNode> objects = new ArrayList<>();
    new Yaml().loadAll(yaml).forEach(object -> objects.add(JSON.valueToTree(object)));
    return objects;
  }

  /// @return its kind
  private static String validated(JsonNode object, String origin) {
    String version = object.path("apiVersion").asText();
    String kind = object.path("kind").asText();
    if (!CUSTOM.contains(version + " " + kind)) {
      String model = version.substring(version.indexOf('/') + 1).toUpperCase(Locale.ROOT) + kind;
      try {
        Class.forName("io.kubernetes.client.openapi.models." + model)
            .getMethod("validateJsonElement", JsonElement.class)
            .invoke(null, JsonParser.parseString(object.toString()));
      } catch (InvocationTargetException e) {
        throw new AssertionError(origin + ": " + kind, e.getCause());
      } catch (ReflectiveOperationException e) {
        throw new LinkageError(origin + ": Kubernetes has no " + version + " " + kind, e);
      }
    }
    return kind;
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException _) {
      return false;
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}

package dev.sheaf.testing;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;

/// Runs the image in a container with the settings of the Kubernetes manifests: an unprivileged
/// user, no capabilities, a read-only file system and 512 MB of memory.
public final class SheafContainer extends GenericContainer<SheafContainer> {

  private static final long MEMORY = 512L << 20;
  private static final int PORT = 8080;

  private final HttpClient http = HttpClient.newHttpClient();

  /// Without arguments, runs the service, otherwise a command.
  ///
  /// @param database its URL, as seen from `network`
  public SheafContainer(Network network, String database, String... arguments) {
    super(Image.NAME);
    withNetwork(network)
        .withEnv("DATABASE_URL", database)
        .withEnv("SHEAF_ACCESS_MODE", "open")
        .withCommand(arguments)
        .withCreateContainerCmdModifier(create -> restrict(requireNonNull(create.getHostConfig())));
    if (arguments.length == 0) {
      withExposedPorts(PORT);
      waitingFor(
          Wait.forHttp("/q/health/ready").forPort(PORT).withStartupTimeout(Duration.ofMinutes(3)));
    }
  }

  /// Whether a container engine is available.
  public static boolean engineAnswers() {
    return DockerClientFactory.instance().isDockerAvailable();
  }

  private static void restrict(HostConfig host) {
    host.withReadonlyRootfs(true)
        .withTmpFs(Map.of("/tmp", "rw,noexec,nosuid,size=64m"))
        .withCapDrop(Capability.ALL)
        .withSecurityOpts(List.of("no-new-privileges"))
        .withMemory(MEMORY)
        .withMemorySwap(MEMORY);
  }

  /// Sends SIGTERM, as Kubernetes does.
  public void terminate() {
    dockerClient.killContainerCmd(getContainerId()).withSignal("TERM").exec();
  }

  /// Waits until the container has ended.
  ///
  /// @return the exit code
  public int awaitExit() {
    return dockerClient
        .waitContainerCmd(getContainerId())
        .start()
        .awaitStatusCode(1, TimeUnit.MINUTES);
  }

  /// Starts the container and waits until it has ended.
  ///
  /// @return the exit code
  public int run() {
    start();
    return awaitExit();
  }

  /// Sends a request with a JSON body to a path, percent-encoded.
  public HttpResponse<String> send(String method, String path, String json)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://" + getHost() + ":" + getMappedPort(PORT) + path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /// Executes a command in the container, and returns its output.
  public String exec(String... command) throws IOException, InterruptedException {
    return execInContainer(command).getStdout();
  }

  /// The image that the system property `sheaf.image` names; otherwise one that is built from the
  /// packaged application.
  private static final class Image {
    static final String NAME =
        Optional.ofNullable(System.getProperty("sheaf.image"))
            .filter(given -> !given.isBlank())
            .orElseGet(Image::build);

    private static String build() {
      return new ImageFromDockerfile("localhost/sheaf:test", false)
          .withFileFromPath("Dockerfile", Path.of("docker/Dockerfile.jvm"))
          .withFileFromPath("docker", Path.of("docker"))
          .withFileFromPath("target/quarkus-app", Path.of("target/quarkus-app"))
          .withFileFromPath("target/onnxruntime", Path.of("target/onnxruntime"))
          .get();
    }
  }
}

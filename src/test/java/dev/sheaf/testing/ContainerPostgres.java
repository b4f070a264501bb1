package dev.sheaf.testing;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import dev.sheaf.database.DatabaseAddress;
import java.io.IOException;
import java.net.ServerSocket;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/// PostgreSQL in a container with a fixed port, which stays the same after a restart.
final class ContainerPostgres implements FaultyPostgres {

  private final PostgreSQLContainer container;
  private final DockerClient engine;

  private ContainerPostgres(PostgreSQLContainer container) {
    this.container = container;
    container.start();
    this.engine = container.getDockerClient();
  }

  static ContainerPostgres create() throws IOException {
    var image = DockerImageName.parse(TestDatabase.IMAGE).asCompatibleSubstituteFor("postgres");
    var binding = new PortBinding(Ports.Binding.bindPort(freePort()), ExposedPort.tcp(5432));
    return new ContainerPostgres(
        new PostgreSQLContainer(image)
            .withCreateContainerCmdModifier(
                create -> requireNonNull(create.getHostConfig()).withPortBindings(binding)));
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public DatabaseAddress address() {
    return new DatabaseAddress(
        container.getJdbcUrl(), container.getUsername(), container.getPassword());
  }

  /// The stop signal of the image requests a fast shutdown.
  @Override
  public void restart() {
    engine.stopContainerCmd(container.getContainerId()).exec();
    start();
  }

  @Override
  public void crash() {
    engine.killContainerCmd(container.getContainerId()).exec();
    start();
  }

  private void start() {
    engine.startContainerCmd(container.getContainerId()).exec();
    awaitReady();
  }

  @Override
  public void pause() {
    engine.pauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void resume() {
    engine.unpauseContainerCmd(container.getContainerId()).exec();
    awaitReady();
  }

  @Override
  public void close() {
    container.stop();
  }
}

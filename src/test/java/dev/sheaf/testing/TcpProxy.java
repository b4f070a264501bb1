package dev.sheaf.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;

/// An address that stays the same, in front of a service that comes and goes. Without the service,
/// connections end at once.
public final class TcpProxy implements AutoCloseable {

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final ServerSocket server = new ServerSocket(0, 0, HERE);
  private volatile int port;

  public TcpProxy() throws IOException {
    Thread.startVirtualThread(this::accept);
  }

  /// Leads new connections to a port of this machine from now on.
  public void leadTo(int port) {
    this.port = port;
  }

  /// Where clients find it.
  public URI uri() {
    return URI.create("http://" + HERE.getHostAddress() + ":" + server.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        Thread.startVirtualThread(() -> serve(client));
      }
    } catch (IOException e) {
      if (!server.isClosed()) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket service = new Socket(HERE, port)) {
      Thread back = Thread.startVirtualThread(() -> copy(service, client));
      copy(client, service);
      back.join();
    } catch (IOException e) {
      // The service is not there, which the client sees by the end of its connection.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Until one of them ends; then both do.
  private static void copy(Socket from, Socket to) {
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (SocketException e) {
      // One of the two has hung up, or was killed.
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

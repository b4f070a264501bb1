package dev.sheaf.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;

/// A proxy with a fixed address for a service that restarts on other ports. While the service is
/// down, the proxy closes connections immediately.
public final class TcpProxy implements AutoCloseable {

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final ServerSocket server = new ServerSocket(0, 0, HERE);
  private volatile int port;

  public TcpProxy() throws IOException {
    Thread.startVirtualThread(this::accept);
  }

  /// Forwards new connections to a port of this machine.
  public void leadTo(int port) {
    this.port = port;
  }

  /// The URI of the proxy.
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
      // The service is down. The client sees that its connection is closed.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Copies until one connection is closed, then closes both.
  private static void copy(Socket from, Socket to) {
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (SocketException e) {
      // One side closed its connection, or was killed.
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

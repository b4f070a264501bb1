package dev.sheaf.testing;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Records the warnings and errors that Sheaf logs in this process, until it is closed.
public final class Warnings extends Handler implements AutoCloseable {

  private final Logger logger = Logger.getLogger("dev.sheaf");
  private final List<String> messages = new CopyOnWriteArrayList<>();

  public Warnings() {
    setLevel(Level.WARNING);
    logger.addHandler(this);
  }

  /// The messages so far, oldest first.
  public List<String> messages() {
    return List.copyOf(messages);
  }

  @Override
  public void publish(LogRecord line) {
    if (isLoggable(line)) {
      messages.add(
          line.getLoggerName()
              + ": "
              + line.getMessage()
              + " "
              + Arrays.toString(line.getParameters()));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}

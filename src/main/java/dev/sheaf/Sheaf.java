package dev.sheaf;

import dev.sheaf.cli.Cli;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/// The way in. Without arguments this is the service; a verb runs one command, and neither HTTP nor
/// Hibernate is started for it.
@QuarkusMain
public final class Sheaf {

  Sheaf() {}

  public static void main(String... arguments) {
    if (arguments.length == 0) {
      Quarkus.run();
    } else {
      System.exit(Cli.run(arguments));
    }
  }
}

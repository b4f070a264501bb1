package dev.sheaf.cli;

import dev.sheaf.runtime.ProcessIdentity;
import picocli.CommandLine.IVersionProvider;

/// The version that `--version` prints.
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    return new String[] {"sheaf " + ProcessIdentity.VERSION};
  }
}

package dev.sheaf.cli;

/// The exit codes of commands. Picocli itself exits with 2 after a usage error.
final class ExitCode {

  static final int DONE = 0;
  static final int FAILED = 1;
  static final int DIFFERENT = 3;

  private ExitCode() {}
}

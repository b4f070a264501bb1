package dev.sheaf.cli;

/// What a command's exit code says. Usage errors are 2, which Picocli gives by itself.
final class ExitCode {

  static final int DONE = 0;
  static final int FAILED = 1;
  static final int DIFFERENT = 3;

  private ExitCode() {}
}

package dev.sheaf.runtime;

import io.quarkus.runtime.ImageMode;

/// Whether this process runs the native executable.
public final class NativeExecutable {

  /// The build of the executable knows the value, and leaves out what only a JVM can run.
  public static final boolean RUNS = ImageMode.current().isNativeImage();

  private NativeExecutable() {}
}

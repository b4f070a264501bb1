package dev.sheaf.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.sheaf.runtime.NativeExecutable;
import java.nio.file.Path;

/// How this process uses ONNX Runtime.
public final class OnnxRuntime {

  private static final String LIBRARIES = "onnxruntime.native.path";

  private OnnxRuntime() {}

  /// The environment of all sessions. The first call loads the libraries.
  public static OrtEnvironment environment() {
    findLibraries();
    return OrtEnvironment.getEnvironment();
  }

  /// Options for a session whose runs use one thread each. The caller closes them.
  public static OrtSession.SessionOptions options() throws OrtException {
    var options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    // Its arena keeps what the largest batch took, and makes none faster.
    options.setCPUArenaAllocator(false);
    return options;
  }

  /// A native executable has the libraries of ONNX Runtime in a directory beside it. A JVM has them
  /// in the jar, or where the property says.
  private static void findLibraries() {
    if (NativeExecutable.RUNS && System.getProperty(LIBRARIES) == null) {
      ProcessHandle.current()
          .info()
          .command()
          .map(executable -> Path.of(executable).resolveSibling("native"))
          .ifPresent(directory -> System.setProperty(LIBRARIES, directory.toString()));
    }
  }
}

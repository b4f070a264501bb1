package harness;

import java.util.Arrays;

/// How long the requests of one measurement took.
///
/// @param seconds how long it was measured
/// @param micros of each request, in any order
/// @param cpu what it cost altogether
record Load(double seconds, int[] micros, Processes.Cpu cpu) {

  double rate() {
    return micros.length / seconds;
  }

  /// @return milliseconds
  double percentile(double share) {
    int[] sorted = micros.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))] / 1e3;
  }

  Load plus(Load other) {
    int[] both = Arrays.copyOf(micros, micros.length + other.micros.length);
    System.arraycopy(other.micros, 0, both, micros.length, other.micros.length);
    return new Load(seconds + other.seconds, both, cpu.plus(other.cpu));
  }
}

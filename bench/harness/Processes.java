package harness;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// What processes of this machine have cost, as Linux counts it in `/proc`.
final class Processes {

  /// Linux shows processor time in hundredths of a second, whatever it counts in.
  private static final double TICKS = 100;

  private static final OperatingSystemMXBean SELF =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private Processes() {}

  /// Processor time, in seconds.
  ///
  /// @param client of this process and of those that it has waited for
  /// @param service of the services under test
  /// @param server of all of PostgreSQL; `NaN` when it is on another machine
  record Cpu(double client, double service, double server) {

    static Cpu now(List<Long> services, long postmaster) throws IOException {
      double service = 0;
      for (long pid : services) {
        service += used(stat(pid));
      }
      return new Cpu(
          SELF.getProcessCpuTime() / 1e9 + waitedFor("self"), service, family(postmaster));
    }

    Cpu since(Cpu before) {
      return new Cpu(client - before.client, service - before.service, server - before.server);
    }

    Cpu plus(Cpu other) {
      return new Cpu(client + other.client, service + other.service, server + other.server);
    }
  }

  /// The parent of a process, or -1 when it is not one of this machine.
  static long parent(long pid) throws IOException {
    String[] stat = stat(pid);
    return stat.length == 0 ? -1 : Long.parseLong(stat[1]);
  }

  /// Resident memory in MiB.
  static long resident(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/status"))
        .lines()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1_024)
        .findFirst()
        .orElseThrow();
  }

  private static double family(long parent) throws IOException {
    if (parent < 0) {
      return Double.NaN;
    }
    double used = used(stat(parent)) + waitedFor(Long.toString(parent));
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        String name = process.getFileName().toString();
        if (Character.isDigit(name.charAt(0))) {
          String[] stat = stat(name);
          if (stat.length > 0 && Long.parseLong(stat[1]) == parent) {
            used += used(stat);
          }
        }
      }
    }
    return used;
  }

  private static double used(String[] stat) {
    return (Long.parseLong(stat[11]) + Long.parseLong(stat[12])) / TICKS;
  }

  private static double waitedFor(String pid) throws IOException {
    String[] stat = stat(pid);
    return (Long.parseLong(stat[13]) + Long.parseLong(stat[14])) / TICKS;
  }

  private static String[] stat(long pid) throws IOException {
    return stat(Long.toString(pid));
  }

  /// The fields of `/proc/PID/stat` from the third on; none when there is no such process.
  private static String[] stat(String pid) throws IOException {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    } catch (NoSuchFileException e) {
      return new String[0];
    } catch (IOException e) {
      // It ended while its file was being read.
      if (!Files.exists(Path.of("/proc/" + pid))) {
        return new String[0];
      }
      throw e;
    }
  }
}

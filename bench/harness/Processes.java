package harness;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

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
  /// @param server of PostgreSQL, see [Backends]
  record Cpu(double client, double service, double server) {

    static final Cpu NONE = new Cpu(0, 0, 0);

    static Cpu now(List<Long> services, Backends backends) throws IOException {
      double service = 0;
      for (long pid : services) {
        service += spent(stat(pid));
      }
      return new Cpu(SELF.getProcessCpuTime() / 1e9 + waitedFor(), service, backends.used());
    }

    Cpu since(Cpu before) {
      return new Cpu(client - before.client, service - before.service, server - before.server);
    }

    Cpu plus(Cpu other) {
      return new Cpu(client + other.client, service + other.service, server + other.server);
    }
  }

  /// The server's processes that work for one database, so that what others do on the same server
  /// is not counted. Looks often, because a process takes its account with it when it ends.
  static final class Backends {

    private final long postmaster;
    private final String title;
    private final Map<String, Double> seen = new HashMap<>();
    private final Set<String> others = new HashSet<>();

    /// @param postmaster the server's first process; -1 when it is on another machine
    Backends(long postmaster, String database) {
      this.postmaster = postmaster;
      this.title = " " + database + " ";
      if (postmaster >= 0) {
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory())
            .scheduleAtFixedRate(this::lookQuietly, 0, 100, TimeUnit.MILLISECONDS);
      }
    }

    /// `NaN` when the server is on another machine.
    synchronized double used() throws IOException {
      if (postmaster < 0) {
        return Double.NaN;
      }
      look();
      return seen.values().stream().mapToDouble(used -> used).sum();
    }

    /// Memory of the whole server in MiB: what its processes share counts once. -1 when the server
    /// is on another machine.
    long memory() throws IOException {
      if (postmaster < 0) {
        return -1;
      }
      long kilobytes = proportional(Long.toString(postmaster));
      for (String child : children()) {
        kilobytes += proportional(child);
      }
      return kilobytes / 1_024;
    }

    private static long proportional(String pid) throws IOException {
      return read(pid, "smaps_rollup")
          .lines()
          .filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .sum();
    }

    private String[] children() throws IOException {
      return Files.readString(Path.of("/proc/%1$d/task/%1$d/children".formatted(postmaster)))
          .strip()
          .split(" ");
    }

    private void lookQuietly() {
      try {
        used();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void look() throws IOException {
      for (String child : children()) {
        String[] stat = stat(child);
        if (stat.length == 0) {
          continue;
        }
        // With its start, because numbers come again.
        String process = child + "@" + stat[19];
        if (seen.containsKey(process)) {
          seen.put(process, spent(stat));
        } else if (!others.contains(process)) {
          // PostgreSQL names a process after its database as soon as it knows it.
          String name = read(child, "cmdline").replace('\0', ' ');
          if (name.contains(title)) {
            seen.put(process, spent(stat));
          } else if (name.startsWith("postgres: ")) {
            others.add(process);
          }
        }
      }
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

  private static double spent(String[] stat) {
    return (Long.parseLong(stat[11]) + Long.parseLong(stat[12])) / TICKS;
  }

  private static double waitedFor() throws IOException {
    String[] stat = stat("self");
    return (Long.parseLong(stat[13]) + Long.parseLong(stat[14])) / TICKS;
  }

  private static String[] stat(long pid) throws IOException {
    return stat(Long.toString(pid));
  }

  /// The fields of `/proc/PID/stat` from the third on; none when there is no such process.
  private static String[] stat(String pid) throws IOException {
    String stat = read(pid, "stat");
    return stat.isEmpty() ? new String[0] : stat.substring(stat.lastIndexOf(')') + 2).split(" ");
  }

  /// What is said of a process; nothing when it has ended, be it while it was asked.
  private static String read(String pid, String file) throws IOException {
    Path process = Path.of("/proc/" + pid);
    try {
      return Files.readString(process.resolve(file));
    } catch (IOException e) {
      if (Files.exists(process)) {
        throw e;
      }
      return "";
    }
  }
}

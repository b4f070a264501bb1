package harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import harness.Processes.Backends;
import harness.Processes.Cpu;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// A service that answers searches: each connection sends the next request when it has the answer.
///
/// @param requests as they go over the wire, one for each query
record OverHttp(String name, Service service, List<byte[]> requests, Backends backends)
    implements Contender {

  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public Load run(int connections, int seconds) throws Exception {
    var start = new CyclicBarrier(connections + 1);
    var searches = new ArrayList<Future<int[]>>();
    try (var threads = Executors.newFixedThreadPool(connections)) {
      for (int i = 0; i < connections; i++) {
        int first = i * requests.size() / connections;
        searches.add(threads.submit(searching(start, first, seconds)));
      }
      start.await();
      Cpu before = cpu();
      var load = new Load(seconds, new int[0], Cpu.NONE);
      for (Future<int[]> each : searches) {
        load = load.plus(new Load(0, each.get(), Cpu.NONE));
      }
      return load.plus(new Load(0, new int[0], cpu().since(before)));
    }
  }

  Cpu cpu() throws Exception {
    return Cpu.now(List.of(service.pid()), backends);
  }

  private Callable<int[]> searching(CyclicBarrier start, int first, int seconds) {
    return () -> {
      var micros = new int[100_000];
      int count = 0;
      try (var client = new HttpClient(service)) {
        start.await();
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        for (long begun = System.nanoTime(); begun < end; ) {
          client.send(requests.get((first + count) % requests.size())).orFail();
          long done = System.nanoTime();
          if (count == micros.length) {
            micros = Arrays.copyOf(micros, 2 * count);
          }
          micros[count++] = (int) ((done - begun) / 1_000);
          begun = done;
        }
      }
      return Arrays.copyOf(micros, count);
    };
  }

  @Override
  public List<String> find(int query) throws Exception {
    var ids = new ArrayList<String>();
    answer(query).get("hits").forEach(hit -> ids.add(hit.get("document").textValue()));
    return ids;
  }

  JsonNode answer(int query) throws IOException {
    try (var client = new HttpClient(service)) {
      return JSON.readTree(client.send(requests.get(query)).orFail().body());
    }
  }
}

package harness;

import java.util.List;

/// One of those that are compared. All of them find the ten nearest of the same queries.
interface Contender {

  String name();

  /// Searches for some seconds, as fast as it can, on so many connections.
  Load run(int connections, int seconds) throws Exception;

  /// The ids that it finds for one query.
  List<String> find(int query) throws Exception;
}

package stores;

import java.util.List;
import java.util.Map;

/// What both stores can do.
interface Store {

  /// @param id the client's own; both stores want UUIDs, so that it is kept in the metadata
  record Entry(String id, String text, Map<String, Object> metadata, float[] vector) {}

  record Hit(Object document, double score, String text, Map<String, Object> metadata) {}

  void add(List<Entry> entries);

  /// @param filter fields that must have these values
  List<Hit> search(float[] vector, int limit, Map<String, String> filter);
}

package dev.sheaf.index;

import dev.sheaf.http.Input;
import dev.sheaf.problem.Problem;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// A request to tune an index.
///
/// @param recall fraction of the nearest vectors that searches must find
@Schema(name = "TuneIndex", examples = "{\"recall\": 0.95}")
public record TuneIndex(@Schema(minimum = "0.01", maximum = "1", examples = "0.95") Double recall) {

  public TuneIndex(@Nullable Double recall) {
    this.recall = Input.required("recall", recall);
    if (!(this.recall >= 0.01 && this.recall <= 1)) {
      throw Problem.field("recall", "recall must be a number from 0.01 to 1, not " + recall + ".");
    }
  }
}

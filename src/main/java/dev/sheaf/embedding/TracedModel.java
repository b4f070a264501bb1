package dev.sheaf.embedding;

import dev.sheaf.telemetry.Spans;
import java.util.List;

/// Adds a span to each call of a model.
record TracedModel(EmbeddingModel model, Spans spans) implements EmbeddingModel {

  /// Returns the model itself if tracing is off.
  static EmbeddingModel of(EmbeddingModel model, Spans spans) {
    return spans.isOff() ? model : new TracedModel(model, spans);
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public int dimensions() {
    return model.dimensions();
  }

  @Override
  public int maxTokens() {
    return model.maxTokens();
  }

  @Override
  public int countTokens(String text) {
    return model.countTokens(text);
  }

  @Override
  public boolean knowsScriptOf(List<String> texts) {
    return model.knowsScriptOf(texts);
  }

  @Override
  public List<float[]> embed(List<String> texts, Purpose purpose) {
    return spans.embedding(name(), texts.size(), () -> model.embed(texts, purpose));
  }

  @Override
  public void load() {
    model.load();
  }

  @Override
  public State state() {
    return model.state();
  }
}

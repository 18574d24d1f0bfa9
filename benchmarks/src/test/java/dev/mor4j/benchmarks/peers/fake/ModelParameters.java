package dev.mor4j.benchmarks.peers.fake;

import java.util.ArrayList;
import java.util.List;

/** As the binding has it; keeps what was set. */
@SuppressWarnings("CanIgnoreReturnValueSuggester")
public final class ModelParameters {
  final List<String> set = new ArrayList<>();

  public ModelParameters setThreads(int value) {
    return keep("threads " + value);
  }

  public ModelParameters setThreadsBatch(int value) {
    return keep("threadsBatch " + value);
  }

  public ModelParameters setCtxSize(int value) {
    return keep("context " + value);
  }

  public ModelParameters setBatchSize(int value) {
    return keep("batch " + value);
  }

  public ModelParameters setUbatchSize(int value) {
    return keep("ubatch " + value);
  }

  public ModelParameters setParallel(int value) {
    return keep("parallel " + value);
  }

  public ModelParameters setModel(String value) {
    return keep("model " + value);
  }

  public ModelParameters enableMlock() {
    return keep("mlock");
  }

  public ModelParameters disableLog() {
    return keep("quiet");
  }

  public ModelParameters enableFlashAttn() {
    return keep("flash");
  }

  private ModelParameters keep(String setting) {
    set.add(setting);
    return this;
  }
}

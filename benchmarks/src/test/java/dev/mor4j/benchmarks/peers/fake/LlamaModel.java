package dev.mor4j.benchmarks.peers.fake;

import dev.mor4j.benchmarks.peers.fake.args.LogFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** As the binding has it; task n answers n * 100, n * 100 + 1, … and ends after three tokens. */
public final class LlamaModel {
  /** What was asked of the model made last. */
  public static final List<String> CALLS = new ArrayList<>();

  private final int[] received = new int[16];
  private int tasks;

  public LlamaModel(ModelParameters parameters) {
    CALLS.clear();
    CALLS.addAll(parameters.set);
  }

  public static void setLogger(LogFormat format, BiConsumer<Object, String> callback) {}

  int requestCompletion(String json) {
    CALLS.add(json);
    return tasks++;
  }

  LlamaOutput receiveCompletion(int task) {
    int index = received[task]++;
    return index < 3
        ? new LlamaOutput("<" + (task * 100 + index) + ">", false)
        : new LlamaOutput("", true);
  }

  void cancelCompletion(int task) {
    CALLS.add("cancel " + task);
  }

  public void close() {
    CALLS.add("close");
  }
}

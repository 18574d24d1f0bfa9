package dev.mor4j.benchmarks.peers.fake;

/** As the binding has it. */
public final class LlamaOutput {
  public final String text;
  final boolean stop;

  LlamaOutput(String text, boolean stop) {
    this.text = text;
    this.stop = stop;
  }
}

package dev.mor4j.cli.load;

/** Hears of a stage while it runs. */
@FunctionalInterface
public interface LoadProgress {
  /**
   * Some seconds have passed. Called on a thread of the generator.
   *
   * @param stage that runs
   * @param now how things stand
   * @param tokensPerSecond since the last call, or the stage's begin
   */
  void report(LoadStage stage, Sample now, double tokensPerSecond);
}

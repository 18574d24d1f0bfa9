package dev.mor4j.cli.load;

import dev.mor4j.runtime.engine.EngineStep;
import java.util.List;
import java.util.Optional;

/**
 * What a stage gave.
 *
 * @param stage that was run
 * @param counts what became of its requests
 * @param latencies of its requests
 * @param arrivalsNanos for how long requests were sent
 * @param nanos until the last one had ended
 * @param steady the part in which throughput is counted
 * @param samples from its begin to its end
 * @param peaks largest values of all samples, also of those that were dropped
 * @param processors who used them while requests arrived
 * @param work what the engine did, where it is in this process
 * @param timeline the engine's last passes while requests arrived; empty where it is elsewhere
 * @param problems what should not have happened; empty where all is well
 * @param interrupted whether it was stopped before its end
 */
public record StageResult(
    LoadStage stage,
    Counts counts,
    Latencies latencies,
    long arrivalsNanos,
    long nanos,
    SteadyWindow steady,
    List<Sample> samples,
    Peaks peaks,
    ProcessorUse processors,
    Optional<EngineWork> work,
    List<EngineStep> timeline,
    List<String> problems,
    boolean interrupted) {
  public StageResult {
    samples = List.copyOf(samples);
    timeline = List.copyOf(timeline);
    problems = List.copyOf(problems);
  }

  /** Of the tokens that completed requests asked for, the share that they got; 1 without any. */
  public double deliveredShare() {
    return counts.completedAsked() == 0
        ? 1
        : (double) counts.completedTokens() / counts.completedAsked();
  }
}

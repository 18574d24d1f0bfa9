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
 * @param times when things were
 * @param watched what was sampled on the way
 * @param engine what the engine did
 * @param verdict whether all is well
 */
public record StageResult(
    LoadStage stage,
    Counts counts,
    Latencies latencies,
    Times times,
    Watched watched,
    Engine engine,
    Verdict verdict) {
  /**
   * Times of a stage.
   *
   * @param arrivalsNanos for how long requests were sent
   * @param nanos until the last one had ended
   * @param steady the part in which throughput is counted
   */
  public record Times(long arrivalsNanos, long nanos, SteadyWindow steady) {}

  /**
   * Samples of a stage.
   *
   * @param samples from its begin to its end
   * @param peaks largest values of all samples, also of those that were dropped
   * @param processors who used them while requests arrived
   */
  public record Watched(List<Sample> samples, Peaks peaks, ProcessorUse processors) {
    public Watched {
      samples = List.copyOf(samples);
    }
  }

  /**
   * An engine in this process.
   *
   * @param work what it did; empty where it is elsewhere
   * @param timeline its last passes while requests arrived; empty where it is elsewhere
   */
  public record Engine(Optional<EngineWork> work, List<EngineStep> timeline) {
    public Engine {
      timeline = List.copyOf(timeline);
    }
  }

  /**
   * How a stage ended.
   *
   * @param problems what should not have happened; empty where all is well
   * @param interrupted whether it was stopped before its end
   */
  public record Verdict(List<String> problems, boolean interrupted) {
    public Verdict {
      problems = List.copyOf(problems);
    }
  }

  /** Of the tokens that completed requests asked for, the share that they got; 1 without any. */
  public double deliveredShare() {
    return counts.completedAsked() == 0
        ? 1
        : (double) counts.completedTokens() / counts.completedAsked();
  }
}

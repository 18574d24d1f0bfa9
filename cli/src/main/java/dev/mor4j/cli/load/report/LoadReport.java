package dev.mor4j.cli.load.report;

import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.load.Workload;
import dev.mor4j.cli.terminal.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a run of load gave.
 *
 * @param title of what was put under load
 * @param facts about it, for programs
 * @param workload of all requests
 * @param capacity where it was measured
 * @param stages in the order they ran, the warm-up among them
 * @param interrupted whether it was stopped before its end
 */
public record LoadReport(
    String title,
    Map<String, Object> facts,
    Workload workload,
    Optional<LoadCapacity> capacity,
    List<StageResult> stages,
    boolean interrupted) {
  public LoadReport {
    stages = List.copyOf(stages);
  }

  /** The stages that measure: all but the warm-up. */
  public List<StageResult> measured() {
    return stages.stream().filter(result -> result.stage().number() > 0).toList();
  }

  /** What should not have happened, with the stage in which it did. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    for (StageResult result : stages) {
      result
          .verdict()
          .problems()
          .forEach(text -> problems.add(result.stage().name() + ": " + text));
    }
    return problems;
  }

  /** What requests are like, in a line. */
  public String workloadText() {
    String unit = workload.source().unit();
    return Sizes.format(
        "prompts of %.0f ± %.0f %s%s, outputs of %.0f ± %.0f tokens, context %d, %s%s%s, seed %d",
        workload.lengths().prompt().mean(),
        workload.lengths().prompt().deviation(),
        unit,
        workload.prefix().length() == 0
            ? ""
            : Sizes.format(
                " (%.0f %% after a common prefix of %d)",
                100 * workload.prefix().share(), workload.prefix().length()),
        workload.lengths().output().mean(),
        workload.lengths().output().deviation(),
        workload.lengths().context(),
        workload.temperature() == 0 ? "greedy" : "temperature " + workload.temperature(),
        workload.cancelShare() == 0
            ? ""
            : Sizes.format(", %.0f %% cancelled", 100 * workload.cancelShare()),
        workload.deadline().isEmpty()
            ? ""
            : ", deadline " + workload.deadline().get().toMillis() + " ms",
        workload.seed());
  }
}

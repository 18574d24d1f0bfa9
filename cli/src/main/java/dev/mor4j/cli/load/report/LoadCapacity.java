package dev.mor4j.cli.load.report;

import dev.mor4j.cli.load.LoadPlan;
import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.load.Workload;
import dev.mor4j.cli.terminal.UsageException;

/**
 * What a target can take, from a closed loop that kept it full.
 *
 * @param requestsPerSecond that it would complete of this workload
 * @param tokensPerSecond that came
 */
public record LoadCapacity(double requestsPerSecond, double tokensPerSecond) {
  private static final int PLANNED = 2000;

  /**
   * Tokens a second over the tokens of a request. Requests that completed are not counted: in a
   * short loop, mostly the short ones have.
   */
  public static LoadCapacity of(StageResult warmUp, Workload workload) {
    LoadPlan plan = new LoadPlan(workload, warmUp.stage().number());
    double asked = 0;
    for (int i = 0; i < PLANNED; i++) {
      asked += plan.request(i).maxNewTokens();
    }
    double perRequest = asked / PLANNED * warmUp.deliveredShare();
    double tokens = warmUp.times().steady().tokensPerSecond();
    if (!(tokens > 0)) {
      throw new UsageException(
          "the warm-up gave no token, so no capacity: a longer --warm-up, or --rate, is needed");
    }
    return new LoadCapacity(tokens / Math.max(1, perRequest), tokens);
  }
}

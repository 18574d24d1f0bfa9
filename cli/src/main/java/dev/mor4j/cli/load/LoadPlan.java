package dev.mor4j.cli.load;

import java.util.SplittableRandom;

/**
 * The requests of a stage and when they arrive: a function of the seed and the stage's number, and
 * of nothing that happens. Each request has random numbers of its own, so it can be made at any
 * time, on any thread.
 */
public final class LoadPlan {
  private static final long ARRIVALS = 1;
  private static final long REQUESTS = 2;
  private static final long PREFIX = 3;

  private final Workload workload;
  private final int stage;

  /**
   * @param workload what requests are drawn from
   * @param stage number of the stage
   */
  public LoadPlan(Workload workload, int stage) {
    this.workload = workload;
    this.stage = stage;
  }

  /** Request {@code index}. */
  public PlannedRequest request(long index) {
    SplittableRandom random = random(REQUESTS, stage, index);
    // Everything is drawn, used or not, so that no option changes what another one draws.
    boolean shares = random.nextDouble() < workload.prefix().share();
    boolean cancels = random.nextDouble() < workload.cancelShare();
    int prefix = shares ? workload.prefix().length() : 0;
    int own = workload.lengths().prompt().draw(random, workload.lengths().context() - 1 - prefix);
    int output =
        workload.lengths().output().draw(random, workload.lengths().context() - prefix - own);
    int cancelAfter = random.nextInt(output);
    int seed = random.nextInt() & Integer.MAX_VALUE;
    Prompt prompt = workload.source().draw(prefix, random(PREFIX, 0, 0), own, random);
    return new PlannedRequest(
        index,
        prompt,
        output,
        seed,
        workload.temperature(),
        cancels ? cancelAfter : PlannedRequest.NEVER,
        workload.deadline());
  }

  /** When requests arrive in an open loop; the gaps of another rate are the same, scaled. */
  public ArrivalTimes arrivals(Arrivals.Open open) {
    return new ArrivalTimes(open.rate());
  }

  /** The arrivals of a Poisson process, one after another. Not thread-safe. */
  public final class ArrivalTimes {
    private final SplittableRandom random = random(ARRIVALS, stage, 0);
    private final double rate;
    private double seconds;

    private ArrivalTimes(double rate) {
      this.rate = rate;
    }

    /** Nanoseconds from the beginning to the next arrival. */
    public long next() {
      seconds += random.nextExponential() / rate;
      return (long) (seconds * 1e9);
    }
  }

  private SplittableRandom random(long purpose, long stageNumber, long index) {
    return new SplittableRandom(mix(mix(mix(workload.seed() + purpose) + stageNumber) + index));
  }

  /** Spreads neighbouring numbers over all of them: the finaliser of SplitMix64. */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

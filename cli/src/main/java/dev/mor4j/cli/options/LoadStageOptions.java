package dev.mor4j.cli.options;

import dev.mor4j.cli.load.Arrivals;
import dev.mor4j.cli.load.LoadStage;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.UsageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** How many requests are sent, when, and for how long. */
public final class LoadStageOptions {
  private static final String SOAK = "--soak";
  private static final Duration DEFAULT_DURATION = Duration.ofSeconds(60);
  private static final Duration DEFAULT_WARM_UP = Duration.ofSeconds(30);
  private static final int DEFAULT_CLIENTS = 32;

  @CommandLine.ArgGroup(multiplicity = "1")
  Load load;

  @CommandLine.Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = LoadDuration.class,
      description =
          "How long requests are sent at each load, such as 60s or 1h. Default: 60s; with --requests,"
              + " until that many have been sent.")
  Duration duration;

  @CommandLine.Option(
      names = "--requests",
      paramLabel = "N",
      description = "The most requests that are sent at each load.")
  Long requests;

  @CommandLine.Option(
      names = "--warm-up",
      paramLabel = "TIME",
      converter = LoadDuration.class,
      description =
          "Run a closed loop for this long before the measurements. --load takes the capacity from"
              + " it. Default: 30s with --load, otherwise there is no warm-up.")
  Duration warmUp;

  @CommandLine.Option(
      names = "--warm-up-concurrency",
      paramLabel = "C",
      description = "The number of clients in that loop. Default: --max-sequences; 32 with --url.")
  Integer warmUpClients;

  @CommandLine.Option(
      names = "--drain",
      paramLabel = "TIME",
      defaultValue = "5m",
      converter = LoadDuration.class,
      description =
          "How long requests may take to end after the last one was sent; those that take longer are"
              + " cut off. Default: ${DEFAULT-VALUE}.")
  public Duration drain;

  /** One of them. */
  static final class Load {
    @CommandLine.Option(
        names = "--rate",
        paramLabel = "R",
        split = ",",
        description =
            "Send R requests a second, whatever happens. Several rates are run one after another.")
    List<Double> rates;

    @CommandLine.Option(
        names = "--load",
        paramLabel = "X",
        split = ",",
        description =
            "The same, as multiples of the capacity that the warm-up measured, such as 0.5,1,2.")
    List<Double> loads;

    @CommandLine.Option(
        names = "--concurrency",
        paramLabel = "C",
        split = ",",
        description =
            "Keep C requests in flight instead. Several numbers are run one after another.")
    List<Integer> clients;

    @CommandLine.Option(
        names = SOAK,
        paramLabel = "TIME",
        converter = LoadDuration.class,
        description =
            "Serve MODEL over HTTP in this process for TIME, under all kinds of requests and clients,"
                + " and fail if memory, threads or descriptors grow, if a text differs from the one"
                + " alone, or if a request is lost.")
    Duration soak;
  }

  /** Refuses what no stage can be made of, before a model is opened. */
  public void check() {
    if (requests != null && requests < 1) {
      throw new UsageException("--requests is " + requests + ", expected 1 or more");
    }
    if (load.loads != null && warmUp != null && warmUp.isZero()) {
      throw new UsageException("--load needs a --warm-up, which measures the capacity");
    }
    for (double share : load.loads == null ? List.<Double>of() : load.loads) {
      if (!(share > 0 && share <= 1000)) {
        throw new UsageException("--load has " + share + ", expected more than 0, at most 1000");
      }
    }
    if (load.loads == null) {
      stages(0);
    }
    if (warmUp(DEFAULT_CLIENTS).isEmpty() && warmUpClients != null) {
      throw new UsageException("--warm-up-concurrency has no meaning without --warm-up or --load");
    }
  }

  /** For how long everything is tried at once, in place of stages. */
  public Optional<Duration> soak() {
    return Optional.ofNullable(load.soak);
  }

  /** Whether the capacity has to be known before {@link #stages}. */
  public boolean needsCapacity() {
    return load.loads != null;
  }

  /** The loop before the others; {@code sequences} is what the engine runs at the same time. */
  public Optional<LoadStage> warmUp(int sequences) {
    Duration time = warmUp != null ? warmUp : needsCapacity() ? DEFAULT_WARM_UP : Duration.ZERO;
    if (time.isZero()) {
      return Optional.empty();
    }
    int clients = warmUpClients == null ? sequences : warmUpClients;
    return Optional.of(
        new LoadStage(0, "warm-up", new Arrivals.Closed(clients), time, Long.MAX_VALUE));
  }

  /** The stages in order; {@code capacity} in requests a second is looked at for loads only. */
  public List<LoadStage> stages(double capacity) {
    List<LoadStage> stages = new ArrayList<>();
    for (double rate : load.rates == null ? List.<Double>of() : load.rates) {
      stages.add(stage(stages.size(), Sizes.format("%s/s", number(rate)), new Arrivals.Open(rate)));
    }
    for (double share : load.loads == null ? List.<Double>of() : load.loads) {
      String name = Sizes.format("%s × capacity", number(share));
      stages.add(stage(stages.size(), name, new Arrivals.Open(share * capacity)));
    }
    for (int clients : load.clients == null ? List.<Integer>of() : load.clients) {
      stages.add(stage(stages.size(), clients + " clients", new Arrivals.Closed(clients)));
    }
    return stages;
  }

  private LoadStage stage(int before, String name, Arrivals arrivals) {
    Duration time =
        duration != null ? duration : requests == null ? DEFAULT_DURATION : LoadStage.FOR_EVER;
    return new LoadStage(
        before + 1, name, arrivals, time, requests == null ? Long.MAX_VALUE : requests);
  }

  /** {@code 2.0} → {@code 2}. */
  private static String number(double value) {
    return value == Math.rint(value) && value < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}

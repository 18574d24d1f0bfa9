package dev.mor4j.cli.load;

import java.util.List;

/**
 * The part of a stage in which it has filled up and requests still arrive, and what went through
 * the target in it.
 *
 * @param fromNanos its begin, since the stage's
 * @param toNanos its end
 * @param sent requests sent in it
 * @param completed requests completed in it
 * @param tokens that came in it
 */
public record SteadyWindow(long fromNanos, long toNanos, long sent, long completed, long tokens) {
  /**
   * The window begins when requests have had time to fill the target: after the mean time that one
   * takes, but between a tenth and a half of the time in which requests arrive.
   *
   * @param samples of the stage, the first at its begin
   * @param arrivalsEnd the last request was sent by then
   * @param meanRequest mean nanoseconds of a completed request
   */
  static SteadyWindow of(List<Sample> samples, long arrivalsEnd, double meanRequest) {
    long ramp = (long) Math.clamp(meanRequest, arrivalsEnd * 0.1, arrivalsEnd * 0.5);
    Sample from = samples.getFirst();
    Sample to = samples.getLast();
    for (Sample sample : samples) {
      if (sample.nanos() <= ramp) {
        from = sample;
      }
      if (sample.nanos() <= arrivalsEnd) {
        to = sample;
      }
    }
    if (to.nanos() <= from.nanos() || to.totals().tokens() == from.totals().tokens()) {
      // A stage shorter than its samples' distance, or one that stood still then: all of it, and
      // its end, where requests finish.
      from = samples.getFirst();
      to = samples.getLast();
    }
    return new SteadyWindow(
        from.nanos(),
        to.nanos(),
        to.totals().sent() - from.totals().sent(),
        to.totals().completed() - from.totals().completed(),
        to.totals().tokens() - from.totals().tokens());
  }

  /** Seconds. */
  public double seconds() {
    return (toNanos - fromNanos) / 1e9;
  }

  /** Requests sent a second. */
  public double sentPerSecond() {
    return perSecond(sent);
  }

  /** Requests completed a second. */
  public double completedPerSecond() {
    return perSecond(completed);
  }

  /** Tokens a second. */
  public double tokensPerSecond() {
    return perSecond(tokens);
  }

  private double perSecond(long count) {
    return toNanos <= fromNanos ? 0 : count * 1e9 / (toNanos - fromNanos);
  }
}

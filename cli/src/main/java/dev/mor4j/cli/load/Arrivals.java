package dev.mor4j.cli.load;

/** When requests are sent. */
public sealed interface Arrivals {
  /**
   * A Poisson process: requests come on their own time, whether or not earlier ones have ended.
   *
   * @param rate requests per second
   */
  record Open(double rate) implements Arrivals {
    public Open {
      if (!(rate > 0 && rate <= 1e6)) {
        throw new IllegalArgumentException(
            "a rate of " + rate + " requests/s, expected more than 0, at most 1000000");
      }
    }
  }

  /**
   * Each of so many clients sends its next request when its last one has ended.
   *
   * @param clients requests in flight at any time
   */
  record Closed(int clients) implements Arrivals {
    public Closed {
      if (clients < 1 || clients > 100_000) {
        throw new IllegalArgumentException(
            "a concurrency of " + clients + ", expected 1 to 100000");
      }
    }
  }
}

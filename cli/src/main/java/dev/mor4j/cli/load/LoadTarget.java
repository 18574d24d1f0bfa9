package dev.mor4j.cli.load;

import dev.mor4j.runtime.MorEngine;
import java.util.Optional;

/** What is put under load. Any number of threads call it at the same time. */
public interface LoadTarget extends AutoCloseable {
  /**
   * Sends a request and waits until it has ended. Tells {@code exchange} how to cancel it, and of
   * each token as it comes.
   *
   * @return how it ended; what goes wrong is {@link Ending#FAILED}, not thrown
   */
  RequestEnd run(PlannedRequest request, Exchange exchange);

  /** The engine, where it is in this process. */
  default Optional<MorEngine> engine() {
    return Optional.empty();
  }

  @Override
  default void close() {}
}

package dev.mor4j.cli.load.report;

import dev.mor4j.cli.load.LoadRun;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets an interrupt end a run of load early: the JVM, on its way out, waits until the results so
 * far are written. {@link #written()} says that they are, and ends it.
 */
public final class LoadInterrupt {
  private static final long LIMIT_SECONDS = 60;

  private final CountDownLatch written = new CountDownLatch(1);
  private final Thread hook;

  public LoadInterrupt(LoadRun run) {
    this.hook =
        new Thread(
            () -> {
              run.stop();
              try {
                boolean inTime = written.await(LIMIT_SECONDS, TimeUnit.SECONDS);
                if (!inTime) {
                  System.err.println("mor4j: note: the run did not end, its results are lost");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "mor4j-load-interrupt");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Nothing is left to wait for. */
  public void written() {
    written.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, or has run.
    }
  }
}

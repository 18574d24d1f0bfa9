package dev.mor4j.cli.terminal;

import java.util.concurrent.CountDownLatch;

/**
 * Lets a command end in order, and with its own exit code, when the process is told to end (SIGINT,
 * SIGTERM). Without it the JVM would end as soon as told, with the code of the signal.
 */
public final class Termination implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::waitForTheCommand, "mor4j-termination");

  /** Whether the command has ended as it should, and the JVM may be halted. */
  private volatile boolean inOrder;

  /** Listens for signals from now on. */
  public Termination() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Waits until the process is told to end. */
  public void await() throws InterruptedException {
    asked.await();
  }

  /** All that the command had to do is done, and all that it wrote is flushed. */
  public void endsInOrder() {
    inOrder = true;
  }

  /** The command has ended, in order or not. */
  @Override
  public void close() {
    ended.countDown();
    if (asked.getCount() > 0) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // Told to end in this moment; the hook waits for nothing any more.
      }
    }
  }

  /** Hook: the JVM ends when this returns, and with code 0 only when it halts here. */
  private void waitForTheCommand() {
    asked.countDown();
    try {
      ended.await();
    } catch (InterruptedException e) {
      return;
    }
    if (inOrder) {
      Runtime.getRuntime().halt(ExitCode.SUCCESS);
    }
  }
}

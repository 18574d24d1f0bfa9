package dev.mor4j.runtime;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.schedule.Scheduler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The one thread that touches a scheduler: does what others ask for between two steps, in the order
 * in which they asked, and steps while there is anything to do.
 *
 * <p>An error of a step ends what runs, and the thread goes on. An error while that is being ended
 * ends the thread, with everything that it has: see {@link #failure}. What has to be done then
 * allocates nothing, because memory may be what was short.
 */
final class EngineThread {
  private static final System.Logger LOG = System.getLogger("dev.mor4j.runtime");
  private static final long NANOS_A_WAIT = TimeUnit.MINUTES.toNanos(1);

  /** While results are kept that no thread could be started for. */
  private static final long NANOS_A_RETRY = TimeUnit.MILLISECONDS.toNanos(10);

  /** How often ending is tried: what an attempt ends it ends for good. */
  private static final int ATTEMPTS = 3;

  private final Scheduler scheduler;
  private final Completions completions;
  private final Inbox inbox = new Inbox();
  private final Thread thread;

  /** The thread touches the scheduler no more. */
  private final CountDownLatch over = new CountDownLatch(1);

  private volatile boolean stopping;

  /** The first failure after which the device computes nothing more; null while there is none. */
  private volatile DeviceException deviceFailure;

  /** Why this thread has given everything up; null while it has not. */
  private volatile Throwable failure;

  /** A thread that is not started yet. */
  EngineThread(String name, Scheduler scheduler, Completions completions) {
    this.scheduler = scheduler;
    this.completions = completions;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /**
   * Asks for {@code command} to be run between two steps.
   *
   * @return whether it will be; not so once the thread has ended
   */
  boolean post(Runnable command) {
    return inbox.post(command);
  }

  /**
   * What {@code question} says between two steps, or once the thread is over; waits for it, however
   * the thread ends. Any thread.
   */
  <T> T ask(Supplier<T> question) {
    if (Thread.currentThread() == thread) {
      return question.get();
    }
    Question<T> asked = new Question<>(question);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          if (asked.isPosted || (asked.isPosted = post(asked))) {
            return asked.await();
          }
          over.await();
          // Nobody changes anything any more.
          return question.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Something that the scheduling thread is asked. */
  private static final class Question<T> implements Runnable {
    private final Supplier<T> question;
    private final CountDownLatch answered = new CountDownLatch(1);

    /** The asking thread's. */
    private boolean isPosted;

    private T answer;
    private Throwable error;

    Question(Supplier<T> question) {
      this.question = question;
    }

    @Override
    public void run() {
      try {
        answer = question.get();
      } catch (RuntimeException | Error e) {
        error = e;
      } finally {
        answered.countDown();
      }
    }

    T await() throws InterruptedException {
      answered.await();
      if (error != null) {
        throw new IllegalStateException("the engine could not answer: " + error, error);
      }
      return answer;
    }
  }

  /**
   * Ends all sequences and the thread, after what was asked for before. Waits until the scheduler
   * is closed; the thread itself may go on a moment.
   */
  void stop() throws InterruptedException {
    if (thread.getState() == Thread.State.NEW) {
      scheduler.close();
      return;
    }
    try {
      post(() -> stopping = true);
    } catch (OutOfMemoryError e) {
      // Without a command: it looks after the step at hand, and an interrupt ends its wait.
      stopping = true;
      thread.interrupt();
    }
    over.await();
  }

  private void run() {
    try {
      while (!stopping && failure == null) {
        doNext();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      end();
    }
  }

  private void doNext() {
    try {
      if (completions.isKeeping()) {
        completions.retry();
      }
      commandOrStep();
    } catch (InterruptedException e) {
      // Nobody else knows this thread: it ends when it is told to, not before.
    } catch (RuntimeException | Error e) {
      // A step that failed has left caches half written; what waits goes on.
      try {
        noteDeviceFailure(e);
        scheduler.failRunning(e);
      } catch (RuntimeException | Error again) {
        failure = e;
      }
    }
  }

  /**
   * Does what was asked for next, or a step. Keeps no command while it waits for the next one:
   * commands know the engine, which can be collected when nobody else does.
   */
  private void commandOrStep() throws InterruptedException {
    Runnable command = nextCommand();
    if (command != null) {
      command.run();
    } else if (!scheduler.isIdle()) {
      scheduler.step();
    }
  }

  private void noteDeviceFailure(Throwable e) {
    if (deviceFailure == null
        && e instanceof DeviceException device
        && !(e instanceof DeviceOutOfMemoryException)) {
      deviceFailure = device;
    }
  }

  /** Ends everything, whatever is thrown: what fails here leaves the rest to be done. */
  private void end() {
    inbox.close();
    for (int i = 0; i < ATTEMPTS && failure != null && !scheduler.isIdle(); i++) {
      try {
        scheduler.failAll(failure);
      } catch (RuntimeException | Error e) {
        // The first cause is kept.
      }
    }
    for (Runnable command = inbox.poll(); command != null; command = inbox.poll()) {
      try {
        command.run();
      } catch (RuntimeException | Error e) {
        noteFailure(e);
      }
    }
    closeScheduler();
    over.countDown();
    completions.finish();
    if (failure != null) {
      log();
    }
  }

  private void closeScheduler() {
    for (int i = 0; i < ATTEMPTS; i++) {
      try {
        scheduler.close();
        return;
      } catch (RuntimeException | Error e) {
        noteFailure(e);
      }
    }
  }

  private void noteFailure(Throwable e) {
    if (failure == null) {
      failure = e;
    }
  }

  private void log() {
    try {
      LOG.log(
          System.Logger.Level.ERROR,
          "an engine has failed for good and takes nothing more in; close it and make a new one",
          failure);
    } catch (RuntimeException | Error e) {
      // The engine says so too.
    }
  }

  /** See {@link MorEngine#deviceFailure}; any thread. */
  DeviceException deviceFailure() {
    return deviceFailure;
  }

  /** The error by which the thread has given everything up, or null; any thread. */
  Throwable failure() {
    return failure;
  }

  /** What was asked for next; waits for it while there is nothing to schedule. */
  private Runnable nextCommand() throws InterruptedException {
    if (!scheduler.isIdle()) {
      return inbox.poll();
    }
    long nanos = completions.isKeeping() ? NANOS_A_RETRY : NANOS_A_WAIT;
    return inbox.poll(nanos);
  }
}

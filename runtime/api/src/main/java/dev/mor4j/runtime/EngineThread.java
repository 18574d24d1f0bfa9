package dev.mor4j.runtime;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.schedule.Scheduler;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The one thread that touches a scheduler: does what others ask for between two steps, in the order
 * in which they asked, and steps while there is anything to do.
 */
final class EngineThread {
  private static final long NANOS_A_WAIT = TimeUnit.MINUTES.toNanos(1);

  private final Scheduler scheduler;
  private final LinkedBlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
  private final Thread thread;

  /** Scheduling thread only. */
  private boolean stopping;

  /** The first failure after which the device computes nothing more; null while there is none. */
  private volatile DeviceException deviceFailure;

  /** Guarded by this: nothing is put into the inbox any more. */
  private boolean ended;

  EngineThread(String name, Scheduler scheduler) {
    this.scheduler = scheduler;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    thread.start();
  }

  /**
   * Asks for {@code command} to be run between two steps.
   *
   * @return whether it will be; not so once the thread has ended
   */
  synchronized boolean post(Runnable command) {
    if (!ended) {
      inbox.add(command);
    }
    return !ended;
  }

  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /** Ends all sequences and the thread, after what was asked for before. Waits for it. */
  void stop() throws InterruptedException {
    post(() -> stopping = true);
    thread.join();
  }

  private void run() {
    while (!stopping) {
      try {
        Runnable command = nextCommand();
        if (command != null) {
          command.run();
        } else if (!scheduler.isIdle()) {
          scheduler.step();
        }
      } catch (RuntimeException | Error e) {
        // A step that failed has left caches half written; what waits goes on.
        noteDeviceFailure(e);
        scheduler.failRunning(e);
      } catch (InterruptedException e) {
        // Nobody else knows this thread: it ends when it is told to, not before.
      }
    }
    synchronized (this) {
      ended = true;
    }
    inbox.forEach(Runnable::run);
    inbox.clear();
    scheduler.close();
  }

  private void noteDeviceFailure(Throwable e) {
    if (deviceFailure == null
        && e instanceof DeviceException failure
        && !(e instanceof DeviceOutOfMemoryException)) {
      deviceFailure = failure;
    }
  }

  /** See {@link MorEngine#deviceFailure}; any thread. */
  DeviceException deviceFailure() {
    return deviceFailure;
  }

  /** What was asked for next; waits for it while there is nothing to schedule. */
  private Runnable nextCommand() throws InterruptedException {
    return scheduler.isIdle() ? inbox.poll(NANOS_A_WAIT, TimeUnit.NANOSECONDS) : inbox.poll();
  }
}

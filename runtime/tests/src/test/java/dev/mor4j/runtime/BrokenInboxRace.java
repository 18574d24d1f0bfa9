package dev.mor4j.runtime;

import java.util.concurrent.ConcurrentLinkedQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As {@link InboxRace}, with an inbox that is broken on purpose: it looks whether it is closed, and
 * takes the command in after that. Shows that such a race is found.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "refused")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "taken in and run")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE_INTERESTING, desc = "the fault is seen")
@State
public class BrokenInboxRace {
  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;
  private int run;

  @Actor
  public void asker(II_Result result) {
    if (!closed) {
      commands.add(() -> run++);
      result.r1 = 1;
    }
  }

  @Actor
  public void engine() {
    closed = true;
    for (Runnable next = commands.poll(); next != null; next = commands.poll()) {
      next.run();
    }
  }

  @Arbiter
  public void count(II_Result result) {
    result.r2 = run;
  }
}

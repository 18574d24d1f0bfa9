package dev.mor4j.runtime;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A command against an engine's thread that ends: what was taken in is run, once, else refused. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "refused")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "taken in and run")
@Outcome(expect = Expect.FORBIDDEN, desc = "taken in and lost, or run though refused")
@State
public class InboxRace {
  private final Inbox inbox = new Inbox();
  private int run;

  @Actor
  public void asker(II_Result result) {
    result.r1 = inbox.post(() -> run++) ? 1 : 0;
  }

  @Actor
  public void engine() {
    inbox.close();
    for (Runnable next = inbox.poll(); next != null; next = inbox.poll()) {
      next.run();
    }
  }

  @Arbiter
  public void count(II_Result result) {
    result.r2 = run;
  }
}

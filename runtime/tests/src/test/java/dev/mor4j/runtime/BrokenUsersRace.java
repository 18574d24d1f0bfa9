package dev.mor4j.runtime;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As {@link UsersRace}, with a count that is broken on purpose: it looks for users and frees after
 * that. Shows that such a race is found.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "closed before")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "used, so not closed")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "closed after")
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = "the fault is seen")
@State
public class BrokenUsersRace {
  private final AtomicInteger users = new AtomicInteger();
  private volatile boolean freed;

  @Actor
  public void user(II_Result result) {
    if (!freed) {
      users.incrementAndGet();
      result.r1 = freed ? 2 : 1;
      users.decrementAndGet();
    }
  }

  @Actor
  public void owner(II_Result result) {
    if (users.get() == 0) {
      freed = true;
      result.r2 = 1;
    }
  }
}

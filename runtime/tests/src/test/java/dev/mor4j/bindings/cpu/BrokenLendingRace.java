package dev.mor4j.bindings.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As {@link LendingRace}, with a count that is broken on purpose: it finds that nobody has the
 * context, and destroys it after that. Shows that such a race is found.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "alive for both")
@Outcome(expect = Expect.ACCEPTABLE_INTERESTING, desc = "the fault is seen")
@State
public class BrokenLendingRace {
  private static final class Context {
    private volatile boolean destroyed;
  }

  private final AtomicInteger borrowers = new AtomicInteger();
  private volatile Context context;

  private int use() {
    if (borrowers.getAndIncrement() == 0 || context == null) {
      context = new Context();
    }
    Context lent = context;
    int seen = lent == null || lent.destroyed ? 2 : 1;
    if (borrowers.decrementAndGet() == 0) {
      lent.destroyed = true;
    }
    return seen;
  }

  @Actor
  public void one(II_Result result) {
    result.r1 = use();
  }

  @Actor
  public void other(II_Result result) {
    result.r2 = use();
  }
}

package dev.mor4j.bindings.cpu;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two models that open and close: their threads' context lives while one has it, and ends. */
@JCStressTest
@Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "alive for both, nothing left")
@Outcome(expect = Expect.FORBIDDEN, desc = "destroyed while lent, or left over")
@State
public class LendingRace {
  private static final class Context {
    private volatile boolean destroyed;
  }

  private int alive;
  private final Lending<String, Context> contexts = new Lending<>(this::make, this::destroy);

  private Context make(String key) {
    alive++;
    return new Context();
  }

  private void destroy(Context context) {
    alive--;
    context.destroyed = true;
  }

  private int use() {
    int seen = contexts.borrow("").destroyed ? 2 : 1;
    contexts.giveBack("");
    return seen;
  }

  @Actor
  public void one(III_Result result) {
    result.r1 = use();
  }

  @Actor
  public void other(III_Result result) {
    result.r2 = use();
  }

  @Arbiter
  public void count(III_Result result) {
    result.r3 = alive + contexts.borrowers("");
  }
}

package dev.mor4j.bindings.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As {@link CallGateRace}, with a gate that is broken on purpose: it looks whether it is closed,
 * and counts the call after that. Shows that such a race is found.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "closed before the call")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "closing waited for the call")
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = "the fault is seen")
@State
public class BrokenCallGateRace {
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean closed;
  private volatile boolean freed;

  @Actor
  public void call(II_Result result) {
    if (!closed) {
      calls.incrementAndGet();
      result.r1 = freed ? 2 : 1;
      calls.decrementAndGet();
    }
  }

  @Actor
  public void close(II_Result result) {
    closed = true;
    while (calls.get() > 0) {
      Thread.onSpinWait();
    }
    freed = true;
    result.r2 = 1;
  }
}

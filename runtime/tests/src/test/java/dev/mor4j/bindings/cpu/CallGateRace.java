package dev.mor4j.bindings.cpu;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A call against the closing of its gate, which frees what calls use. The call's result: 0 where it
 * was not let in, 1 where nothing was freed while it was inside, 2 where something was.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "closed before the call")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "closing waited for the call")
@Outcome(id = "2, 1", expect = Expect.FORBIDDEN, desc = "freed while a call was inside")
@State
public class CallGateRace {
  private final CallGate gate = new CallGate();
  private volatile boolean freed;

  @Actor
  public void call(II_Result result) {
    if (gate.enter()) {
      result.r1 = freed ? 2 : 1;
      gate.leave();
    }
  }

  @Actor
  public void close(II_Result result) {
    result.r2 = gate.close() ? 1 : 0;
    freed = true;
  }
}

package dev.mor4j.runtime;

import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** A command against an engine's thread that has begun to wait for one: it is woken. */
@JCStressTest
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "woken")
@Outcome(expect = Expect.FORBIDDEN, desc = "slept on")
@State
public class InboxWaitRace {
  private static final long NANOS = TimeUnit.SECONDS.toNanos(20);

  private final Inbox inbox = new Inbox();

  @Actor
  public void asker() {
    inbox.post(() -> {});
  }

  @Actor
  public void engine(I_Result result) {
    try {
      result.r1 = inbox.poll(NANOS) == null ? 0 : 1;
    } catch (InterruptedException e) {
      result.r1 = -1;
    }
  }
}

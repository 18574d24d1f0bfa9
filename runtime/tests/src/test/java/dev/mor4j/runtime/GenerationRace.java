package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.text.GeneratedText;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * An engine that gives a generation two tokens and ends it, against its reader, who sees both
 * tokens, in order, then the end, and the report with it.
 */
@JCStressTest
@Outcome(id = "56, 1", expect = Expect.ACCEPTABLE, desc = "all tokens, and the report")
@Outcome(expect = Expect.FORBIDDEN, desc = "a token lost, twice or out of order")
@State
public class GenerationRace {
  private static final RequestReport REPORT = new RequestReport(0, 0, 1, 0, 0);

  private final Generation generation =
      new Generation(1, () -> {}, new GeneratedText(new int[] {3}, 9, null));

  @Actor
  public void engine() {
    generation.produce(5, 1, 1, false);
    generation.produce(6, 1, 2, false);
    generation.end(FinishReason.LENGTH, REPORT);
  }

  @Actor
  public void reader(II_Result result) {
    while (generation.hasNext()) {
      result.r1 = 10 * result.r1 + generation.next().id();
    }
    result.r2 = (int) generation.report().totalNanos();
  }
}

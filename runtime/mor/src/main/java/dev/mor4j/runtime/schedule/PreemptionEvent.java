package dev.mor4j.runtime.schedule;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A sequence gave its KV pages up, to be computed again later. */
@Name("mor4j.Preemption")
@Label("Preemption")
@Category("mor4j")
@Description("A sequence gave its KV pages up, to be computed again later")
@StackTrace(false)
final class PreemptionEvent extends Event {
  @Label("Sequence")
  long sequence;

  @Label("Tokens")
  @Description("Tokens known of the sequence, to be computed again")
  int tokens;

  @Label("Preemptions")
  @Description("Of this sequence, with this one")
  int preemptions;

  @Label("KV Budget")
  @DataAmount
  long kvBudget;

  @Label("KV Held")
  @DataAmount
  long kvHeld;

  static void commit(Sequence sequence, KvBudget budget) {
    PreemptionEvent event = new PreemptionEvent();
    if (event.isEnabled()) {
      event.sequence = sequence.number;
      event.tokens = sequence.length;
      event.preemptions = sequence.preemptions;
      event.kvBudget = budget.limit();
      event.kvHeld = budget.held();
      event.commit();
    }
  }
}

package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.EngineStep;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** One pass of the shared block, with what entered and left around it. */
@Name("mor4j.Step")
@Label("Step")
@Category("mor4j")
@Description("One pass of the shared block, with what entered and left around it")
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Number")
  long number;

  @Label("Rows")
  int rows;

  @Label("Rows At Recursion")
  @Description("Rows of the pass by the recursion that they took, separated by commas")
  String rowsAtRecursion;

  @Label("Prompt Rows")
  int promptRows;

  @Label("Entered")
  int entered;

  @Label("Exited")
  int exited;

  @Label("Waiting To Exit")
  int waiting;

  @Label("Running")
  int running;

  @Label("Queued")
  int queued;

  @Label("Time")
  @Timespan
  long nanos;

  @Label("Block Time")
  @Timespan
  long blockNanos;

  static void commit(EngineStep step) {
    StepEvent event = new StepEvent();
    if (event.isEnabled()) {
      event.number = step.number();
      event.rows = step.rows();
      event.rowsAtRecursion =
          String.join(",", step.rowsAtRecursion().stream().map(String::valueOf).toList());
      event.promptRows = step.promptRows();
      event.entered = step.entered();
      event.exited = step.exited();
      event.waiting = step.waiting();
      event.running = step.running();
      event.queued = step.queued();
      event.nanos = step.nanos();
      event.blockNanos = step.blockNanos();
      event.commit();
    }
  }
}

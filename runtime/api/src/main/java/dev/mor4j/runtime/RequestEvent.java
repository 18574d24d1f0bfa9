package dev.mor4j.runtime;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A request of an engine, from its submission to its end. */
@Name("mor4j.Request")
@Label("Request")
@Category("mor4j")
@Description("A request of an engine, from its submission to its end")
@StackTrace(false)
final class RequestEvent extends Event {
  @Label("Request")
  long request;

  @Label("Outcome")
  @Description("Why it ended, or the error")
  String outcome;

  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Cached Prompt Tokens")
  int cachedPromptTokens;

  @Label("Generated Tokens")
  int generatedTokens;

  @Label("Preemptions")
  int preemptions;

  @Label("Time In Queue")
  @Timespan
  long queuedNanos;

  @Label("Time To First Token")
  @Timespan
  long firstTokenNanos;

  static void commit(
      long request, String outcome, int promptTokens, int generatedTokens, RequestReport report) {
    RequestEvent event = new RequestEvent();
    if (event.isEnabled()) {
      event.request = request;
      event.outcome = outcome;
      event.promptTokens = promptTokens;
      event.cachedPromptTokens = report.cachedPromptTokens();
      event.generatedTokens = generatedTokens;
      event.preemptions = report.preemptions();
      event.queuedNanos = report.queuedNanos();
      event.firstTokenNanos = report.firstTokenNanos();
      event.commit();
    }
  }
}

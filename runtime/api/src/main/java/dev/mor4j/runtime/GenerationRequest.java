package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * What an engine is asked for: a prompt, how to go on from it, how to route, and how urgent it is.
 * Immutable.
 */
public final class GenerationRequest {
  private final String prompt;
  private final int[] promptIds;
  private final GenerationOptions generation;
  private final SessionOptions session;
  private final RequestPriority priority;
  private final Duration deadline;

  private GenerationRequest(
      String prompt,
      int[] promptIds,
      GenerationOptions generation,
      SessionOptions session,
      RequestPriority priority,
      Duration deadline) {
    this.prompt = prompt;
    this.promptIds = promptIds;
    this.generation = Objects.requireNonNull(generation, "generation");
    this.session = Objects.requireNonNull(session, "session");
    this.priority = Objects.requireNonNull(priority, "priority");
    this.deadline = deadline;
  }

  /** Text after {@code prompt}, with the default options; the model needs a tokenizer. */
  public static GenerationRequest of(String prompt) {
    return new GenerationRequest(
        Objects.requireNonNull(prompt, "prompt"),
        null,
        GenerationOptions.defaults(),
        SessionOptions.defaults(),
        RequestPriority.NORMAL,
        null);
  }

  /** Tokens after {@code promptIds}, taken as they are, at least one. */
  public static GenerationRequest of(int[] promptIds) {
    return new GenerationRequest(
        null,
        promptIds.clone(),
        GenerationOptions.defaults(),
        SessionOptions.defaults(),
        RequestPriority.NORMAL,
        null);
  }

  /** With these options of generation: lengths, sampling, seed, stop strings. */
  public GenerationRequest withGeneration(GenerationOptions value) {
    return new GenerationRequest(prompt, promptIds, value, session, priority, deadline);
  }

  /** With these recursions and threshold; the context length bounds prompt and text together. */
  public GenerationRequest withSession(SessionOptions value) {
    return new GenerationRequest(prompt, promptIds, generation, value, priority, deadline);
  }

  public GenerationRequest withPriority(RequestPriority value) {
    return new GenerationRequest(prompt, promptIds, generation, session, value, deadline);
  }

  /**
   * With a time after which the request ends with {@link FinishReason#DEADLINE}, waiting or
   * running, and what it has so far.
   *
   * @param value more than zero, from the submission
   */
  public GenerationRequest withDeadline(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("deadline is " + value + ", expected more than zero");
    }
    return new GenerationRequest(prompt, promptIds, generation, session, priority, value);
  }

  /** The prompt, where it is a text. */
  public Optional<String> prompt() {
    return Optional.ofNullable(prompt);
  }

  /** The prompt, where it is token ids; a copy. */
  public Optional<int[]> promptIds() {
    return Optional.ofNullable(promptIds).map(int[]::clone);
  }

  public GenerationOptions generation() {
    return generation;
  }

  public SessionOptions session() {
    return session;
  }

  public RequestPriority priority() {
    return priority;
  }

  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }

  @Override
  public String toString() {
    return "GenerationRequest["
        + (prompt != null ? prompt.length() + " characters" : Arrays.toString(promptIds))
        + ", "
        + generation
        + ", "
        + session
        + ", "
        + priority
        + (deadline == null ? "]" : ", within " + deadline + "]");
  }
}

package dev.mor4j.runtime;

/**
 * The engine takes a request in or says at once why it does not. Nothing of a refused request
 * remains; after {@link Reason#QUEUE_FULL} it may be submitted again later.
 */
public final class RequestRefusedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Why a request was refused. */
  public enum Reason {
    /** As many requests wait as {@link EngineOptions#maxQueued()} allows. */
    QUEUE_FULL,
    /** It could never run: its prompt and tokens exceed the context or the budget for KV caches. */
    TOO_LARGE,
    /** The engine drains or is closed. */
    SHUTTING_DOWN,
    /** The engine has failed for good, by the cause: see {@link MorEngine#failure()}. */
    ENGINE_FAILED
  }

  private final Reason reason;

  public RequestRefusedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  RequestRefusedException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }
}

package dev.mor4j.runtime;

import dev.mor4j.runtime.template.TemplateException;
import java.util.OptionalInt;

/**
 * A chat template that cannot be parsed or rendered. The message is made of the template's own
 * words and values, and names nothing of the host.
 */
public final class ChatTemplateException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final boolean raised;
  private final int line;

  ChatTemplateException(TemplateException cause) {
    super(cause.getMessage(), cause);
    this.raised = cause.kind() == TemplateException.Kind.RAISED;
    this.line = cause.line().orElse(0);
  }

  /**
   * Whether the template itself refuses the conversation, by {@code raise_exception}; the message
   * is the template's.
   */
  public boolean isRaisedByTemplate() {
    return raised;
  }

  /** The line of the template, from 1 on, where it is known. */
  public OptionalInt line() {
    return line > 0 ? OptionalInt.of(line) : OptionalInt.empty();
  }
}

package dev.mor4j.runtime.template;

import java.util.OptionalInt;

/**
 * A template that cannot be parsed or rendered. The message names nothing of the host: it is made
 * of the template's own words and values.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why there is no text. */
  public enum Kind {
    /** The source is no template. */
    SYNTAX,
    /** The template called {@code raise_exception}; the message is its argument. */
    RAISED,
    /** An operation that its values do not allow. */
    RUNTIME,
    /** A budget is exhausted. */
    LIMIT
  }

  private final Kind kind;
  private final String reason;
  private int line;

  TemplateException(Kind kind, String reason, int line) {
    super(reason);
    this.kind = kind;
    this.reason = reason;
    this.line = line;
  }

  TemplateException(String reason, Throwable cause) {
    super(reason, cause);
    this.kind = Kind.RUNTIME;
    this.reason = reason;
  }

  static TemplateException syntax(String reason, int line) {
    return new TemplateException(Kind.SYNTAX, reason, line);
  }

  static TemplateException runtime(String reason) {
    return new TemplateException(Kind.RUNTIME, reason, 0);
  }

  static TemplateException limit(String reason) {
    return new TemplateException(Kind.LIMIT, reason, 0);
  }

  /** Notes where this happened, unless an inner place did so before. */
  TemplateException at(int place) {
    if (line == 0) {
      line = place;
    }
    return this;
  }

  /** Why there is no text. */
  public Kind kind() {
    return kind;
  }

  /** The line of the template, from 1 on, where it is known. */
  public OptionalInt line() {
    return line > 0 ? OptionalInt.of(line) : OptionalInt.empty();
  }

  /** What happened, with the line; a template's own message is as the template wrote it. */
  @Override
  public String getMessage() {
    return kind == Kind.RAISED || line == 0 ? reason : "line " + line + ": " + reason;
  }
}

package dev.mor4j.runtime;

import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How a text becomes token ids. Immutable: a {@code with…} method gives options that differ in one
 * value.
 */
public final class EncodingOptions {
  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    boolean addBegin = true;
    boolean addEnd = true;
    boolean parseSpecial = false;
    int maxTokens = Integer.MAX_VALUE;

    Values copy() {
      Values copy = new Values();
      copy.addBegin = addBegin;
      copy.addEnd = addEnd;
      copy.parseSpecial = parseSpecial;
      copy.maxTokens = maxTokens;
      return copy;
    }
  }

  private final Values values;

  private EncodingOptions(Values values) {
    Options.require(values.maxTokens >= 0, "maxTokens", values.maxTokens, "0 or more");
    this.values = values;
  }

  /**
   * The ids of a whole text with those that the model puts around it; special tokens that are
   * written in the text are text; as many ids as there are.
   */
  public static EncodingOptions defaults() {
    return new EncodingOptions(new Values());
  }

  /** As {@link #defaults()}, without what the model puts around a text. */
  public static EncodingOptions textOnly() {
    return defaults().withAddBegin(false).withAddEnd(false);
  }

  private EncodingOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new EncodingOptions(changed);
  }

  /** Whether the ids that begin a text come before it. */
  public boolean addBegin() {
    return values.addBegin;
  }

  /** Whether the ids that end a text come behind it. */
  public boolean addEnd() {
    return values.addEnd;
  }

  /**
   * Whether special tokens that are written in the text become their ids. Leave this off for text
   * that others have written: they could end it, or speak for somebody else.
   */
  public boolean parseSpecial() {
    return values.parseSpecial;
  }

  /** Most ids, those around the text among them. Encoding stops where there are more. */
  public int maxTokens() {
    return values.maxTokens;
  }

  /** These options with another {@link #addBegin()}. */
  public EncodingOptions withAddBegin(boolean value) {
    return with(changed -> changed.addBegin = value);
  }

  /** These options with another {@link #addEnd()}. */
  public EncodingOptions withAddEnd(boolean value) {
    return with(changed -> changed.addEnd = value);
  }

  /** These options with another {@link #parseSpecial()}. */
  public EncodingOptions withParseSpecial(boolean value) {
    return with(changed -> changed.parseSpecial = value);
  }

  /** These options with another {@link #maxTokens()}. */
  public EncodingOptions withMaxTokens(int value) {
    return with(changed -> changed.maxTokens = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "addBegin", values.addBegin,
        "addEnd", values.addEnd,
        "parseSpecial", values.parseSpecial,
        "maxTokens", values.maxTokens);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EncodingOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(named());
  }

  @Override
  public String toString() {
    return Options.text(EncodingOptions.class, named());
  }
}

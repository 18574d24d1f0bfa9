package dev.mor4j.runtime.text.tokenizer.decode;

import java.util.List;

/** All steps from one sequence of tokens to its text. One thread. */
public final class DecodeChain {
  private final Last last = new Last();
  private final DecodeStep first;

  DecodeChain(List<DecodeStep.Factory> steps) {
    DecodeStep step = last;
    for (int i = steps.size() - 1; i >= 0; i--) {
      step = steps.get(i).create(step);
    }
    first = step;
  }

  /** Takes a token and appends what is certain. */
  public void add(String token, StringBuilder out) {
    last.out = out;
    if (!token.isEmpty()) {
      first.text(token);
    }
    first.end();
    last.out = null;
  }

  /** Appends the rest. */
  public void finish(StringBuilder out) {
    last.out = out;
    first.finish();
    last.out = null;
  }

  private static final class Last extends DecodeStep {
    private StringBuilder out;

    Last() {
      super(null);
    }

    @Override
    void text(String part) {
      out.append(part);
    }

    @Override
    void end() {}
  }
}

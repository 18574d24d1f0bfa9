package dev.mor4j.runtime.template;

/** The numbers from {@code start} on, {@code size} of them, {@code step} apart. */
record Range(long start, long stop, long step, int size) implements Value {
  static Range of(long start, long stop, long step) {
    if (step == 0) {
      throw TemplateException.runtime("range() arg 3 must not be zero");
    }
    long bound = 1L << 60;
    if (Math.abs(start) > bound || Math.abs(stop) > bound || Math.abs(step) > bound) {
      throw TemplateException.limit("a range has numbers that are too large");
    }
    long size =
        step > 0
            ? Math.max(0, (stop - start + step - 1) / step)
            : Math.max(0, (start - stop - step - 1) / -step);
    if (size > Budget.MAX_RANGE) {
      throw TemplateException.limit(
          "a range has " + size + " numbers, expected at most " + Budget.MAX_RANGE);
    }
    return new Range(start, stop, step, (int) size);
  }

  Int at(int index) {
    return Int.of(start + index * step);
  }

  @Override
  public String type() {
    return "range";
  }
}

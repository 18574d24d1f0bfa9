package dev.mor4j.runtime.template;

import java.math.BigInteger;

/** An integer of any size up to {@link Budget#MAX_BITS} bits. */
final class Int implements Value {
  private static final Int[] SMALL = new Int[1024];

  static {
    for (int i = 0; i < SMALL.length; i++) {
      SMALL[i] = new Int(i, null);
    }
  }

  static final Int ZERO = SMALL[0];
  static final Int ONE = SMALL[1];

  private final long value;

  /** Null where {@link #value} holds it. */
  private final BigInteger large;

  private Int(long value, BigInteger large) {
    this.value = value;
    this.large = large;
  }

  static Int of(long value) {
    return value >= 0 && value < SMALL.length ? SMALL[(int) value] : new Int(value, null);
  }

  static Int of(BigInteger value) {
    if (value.bitLength() < Long.SIZE) {
      return of(value.longValue());
    }
    if (value.bitLength() > Budget.MAX_BITS) {
      throw TemplateException.limit(
          "an integer has more than " + Budget.MAX_BITS + " bits, which is too large");
    }
    return new Int(0, value);
  }

  boolean isLong() {
    return large == null;
  }

  /** The value where {@link #isLong}, the nearest {@code long} otherwise. */
  long clamped() {
    return large == null ? value : large.signum() > 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
  }

  /** The value, or the nearest {@code int}. */
  int clampedInt() {
    return Math.clamp(clamped(), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  BigInteger big() {
    return large == null ? BigInteger.valueOf(value) : large;
  }

  int signum() {
    return large == null ? Long.signum(value) : large.signum();
  }

  double real() {
    double real = large == null ? value : large.doubleValue();
    if (Double.isInfinite(real)) {
      throw TemplateException.runtime("int too large to convert to float");
    }
    return real;
  }

  String decimal() {
    if (large == null) {
      return Long.toString(value);
    }
    String text = large.toString();
    if (text.length() > Budget.MAX_DIGITS + (large.signum() < 0 ? 1 : 0)) {
      throw TemplateException.limit(
          "an integer has more than " + Budget.MAX_DIGITS + " digits, which is too long to print");
    }
    return text;
  }

  @Override
  public String type() {
    return "int";
  }
}

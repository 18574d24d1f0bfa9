package dev.mor4j.runtime.backend;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Cosines and sines of the rotary angles, computed for a stretch of positions when one of them is
 * first used; {@link #reserve} makes the room for them earlier. In float32 as the authors' code
 * computes them: {@code angle = position · theta^(-2i/DH)}. Any thread.
 *
 * <p>Source: docs/forward-pass.md, section 3.
 */
public final class RopeTable {
  private static final int STRETCH = 256;

  private final int headDim;
  private final float[] inverseFrequencies;

  /** Computed. */
  private final AtomicReferenceArray<float[]> stretches;

  /** Room for stretches, whether computed or not. */
  private final AtomicReferenceArray<float[]> reserved;

  public RopeTable(int headDim, double theta, int maxPositions) {
    this.headDim = headDim;
    this.inverseFrequencies = inverseFrequencies(headDim, theta);
    this.stretches = new AtomicReferenceArray<>(Math.ceilDiv(maxPositions, STRETCH));
    this.reserved = new AtomicReferenceArray<>(stretches.length());
  }

  /** {@code theta^(-2i/DH)} for each of the DH/2 angles, rounded as the authors' code does. */
  public static float[] inverseFrequencies(int headDim, double theta) {
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (float) (2 * i) / headDim;
      frequencies[i] = 1f / (float) Math.pow(theta, exponent);
    }
    return frequencies;
  }

  /**
   * Makes room for the first {@code positions} positions, so that {@link #stretch} allocates
   * nothing for them. Computes nothing.
   */
  public void reserve(int positions) {
    for (int i = 0; i < Math.ceilDiv(positions, STRETCH); i++) {
      room(i);
    }
  }

  private float[] room(int index) {
    float[] values = reserved.get(index);
    if (values != null) {
      return values;
    }
    values = new float[STRETCH * headDim];
    return reserved.compareAndSet(index, null, values) ? values : reserved.get(index);
  }

  /**
   * The array that {@code position} lies in: DH/2 cosines, then DH/2 sines, from {@link #offset}
   * on.
   */
  public float[] stretch(int position) {
    int index = position / STRETCH;
    float[] values = stretches.get(index);
    if (values == null) {
      values = room(index);
      // Two threads may compute at the same time; they write the same numbers.
      compute(index * STRETCH, values);
      stretches.set(index, values);
    }
    return values;
  }

  /** Where {@code position} begins in its stretch. */
  public int offset(int position) {
    return position % STRETCH * headDim;
  }

  private void compute(int firstPosition, float[] values) {
    int half = headDim / 2;
    for (int p = 0; p < STRETCH; p++) {
      for (int i = 0; i < half; i++) {
        float angle = (firstPosition + p) * inverseFrequencies[i];
        values[p * headDim + i] = (float) Math.cos(angle);
        values[p * headDim + half + i] = (float) Math.sin(angle);
      }
    }
  }
}

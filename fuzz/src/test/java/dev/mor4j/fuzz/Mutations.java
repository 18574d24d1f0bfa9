package dev.mor4j.fuzz;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * Damaged variants of seeds, the same in every run. What {@code mvn verify} has of fuzzing; the
 * search that is guided by coverage is in the profile "fuzz".
 */
public final class Mutations {
  private static final byte[] INTERESTING = {
    0, 1, -1, 127, -128, '"', '{', '[', '}', ']', '0', '\n'
  };

  private final Random random = new Random(20_261_201);
  private final List<byte[]> seeds;

  private Mutations(List<byte[]> seeds) {
    this.seeds = seeds;
  }

  /** Has {@code reader} read every seed, and {@code count} mutations of them. */
  public static void check(List<byte[]> seeds, int count, Reader reader) {
    Mutations mutations = new Mutations(seeds);
    for (byte[] seed : seeds) {
      read(seed, reader);
    }
    for (int i = 0; i < count; i++) {
      read(mutations.next(), reader);
    }
  }

  private static void read(byte[] input, Reader reader) {
    try {
      reader.read(input.clone());
    } catch (Throwable e) {
      String shown = HexFormat.of().formatHex(Arrays.copyOf(input, Math.min(input.length, 4096)));
      throw new AssertionError(
          "an input of " + input.length + " bytes is a finding; it begins with " + shown, e);
    }
  }

  private byte[] next() {
    byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      bytes = changed(bytes);
    }
    return bytes;
  }

  private byte[] changed(byte[] bytes) {
    if (bytes.length == 0) {
      return new byte[] {(byte) random.nextInt(256)};
    }
    int at = random.nextInt(bytes.length);
    int length = 1 + random.nextInt(Math.min(bytes.length - at, 1 << random.nextInt(7)));
    switch (random.nextInt(7)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = INTERESTING[random.nextInt(INTERESTING.length)];
      case 2 -> Arrays.fill(bytes, at, at + length, (byte) random.nextInt(256));
      case 3 -> {
        return Arrays.copyOf(bytes, at);
      }
      case 4 -> {
        return joined(bytes, at, at, bytes, at + length);
      }
      case 5 -> {
        return joined(bytes, at + length, at, bytes, bytes.length);
      }
      default -> {
        byte[] other = seeds.get(random.nextInt(seeds.size()));
        int from = random.nextInt(other.length + 1);
        return joined(bytes, at, from, other, Math.min(other.length, from + length));
      }
    }
    return bytes;
  }

  /**
   * What is before {@code end}, then {@code other} from {@code from} to {@code to}, then the rest.
   */
  private static byte[] joined(byte[] bytes, int end, int from, byte[] other, int to) {
    byte[] joined = Arrays.copyOf(bytes, bytes.length + Math.max(to - from, 0));
    System.arraycopy(other, from, joined, end, Math.max(to - from, 0));
    System.arraycopy(bytes, end, joined, end + Math.max(to - from, 0), bytes.length - end);
    return joined;
  }
}

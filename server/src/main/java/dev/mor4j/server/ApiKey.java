package dev.mor4j.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The secret that clients show as {@code Authorization: Bearer KEY}. Only its digest is kept, and
 * nothing prints it. Any thread.
 */
public final class ApiKey {
  private static final int SHORTEST = 16;
  private static final int LONGEST = 1024;

  private final byte[] digest;

  private ApiKey(byte[] digest) {
    this.digest = digest;
  }

  /**
   * A key.
   *
   * @param key 16 to 1024 printable ASCII characters without spaces
   * @throws IllegalArgumentException when it is not; the message does not have it
   */
  public static ApiKey of(String key) {
    if (key.length() < SHORTEST || key.length() > LONGEST) {
      throw new IllegalArgumentException(
          "the API key has "
              + key.length()
              + " characters, expected "
              + SHORTEST
              + " to "
              + LONGEST);
    }
    if (!key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "the API key has a character that is not printable ASCII, or a space");
    }
    return new ApiKey(sha256(key));
  }

  /** Whether {@code found} is the key. Takes the same time wherever the two differ. */
  boolean matches(String found) {
    return MessageDigest.isEqual(digest, sha256(found));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}

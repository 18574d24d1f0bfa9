package dev.mor4j.converter.write;

import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** SHA-256 of what is written to it. */
final class DigestSink implements WritableByteChannel {
  private final MessageDigest digest;
  private final LongConsumer progress;

  /**
   * @param progress is given the length of each piece
   */
  DigestSink(LongConsumer progress) {
    this.progress = progress;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  @Override
  public int write(ByteBuffer source) {
    int length = source.remaining();
    digest.update(source);
    progress.accept(length);
    return length;
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}

package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.LossyDecoder;
import java.nio.charset.StandardCharsets;

/**
 * Makes one token of the bytes that all tokens stand for. A token that has other characters than
 * the letters of bytes stands for itself.
 */
final class ByteLevelStep extends WholeTokenStep {
  private final LossyDecoder decoder = new LossyDecoder();
  private final StringBuilder decoded = new StringBuilder();

  ByteLevelStep(DecodeStep next) {
    super(next);
  }

  @Override
  void token(String token) {
    byte[] bytes = ByteAlphabet.bytesOf(token);
    if (bytes == null) {
      bytes = token.getBytes(StandardCharsets.UTF_8);
    }
    decoder.add(bytes, 0, bytes.length, decoded);
    passDecoded();
  }

  @Override
  void finish() {
    decoder.finish(decoded);
    passDecoded();
    passEnd();
    finishNext();
  }

  private void passDecoded() {
    pass(decoded.toString());
    decoded.setLength(0);
  }
}

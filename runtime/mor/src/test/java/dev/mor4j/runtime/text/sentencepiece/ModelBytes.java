package dev.mor4j.runtime.text.sentencepiece;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes a {@code tokenizer.model} for a test. */
final class ModelBytes {
  private final ByteArrayOutputStream model = new ByteArrayOutputStream();
  private final ByteArrayOutputStream trainer = new ByteArrayOutputStream();
  private final ByteArrayOutputStream normalizer = new ByteArrayOutputStream();

  ModelBytes(ModelKind kind) {
    int number = 1;
    while (ModelKind.of(number) != kind) {
      number++;
    }
    number(trainer, 3, number);
    piece("<unk>", 0, PieceType.UNKNOWN);
  }

  ModelBytes piece(String piece, float score, PieceType type) {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    bytes(message, 1, piece.getBytes(StandardCharsets.UTF_8));
    message.write(2 << 3 | ProtobufReader.FIXED32);
    message.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
    int number = 1;
    while (PieceType.of(number) != type) {
      number++;
    }
    number(message, 3, number);
    bytes(model, 1, message.toByteArray());
    return this;
  }

  ModelBytes map(byte[] precompiled) {
    bytes(normalizer, 2, precompiled);
    return this;
  }

  /** Nothing is put in front of a text, or removed from it. */
  ModelBytes plain() {
    number(normalizer, 3, 0);
    number(normalizer, 4, 0);
    return this;
  }

  ModelBytes denormalizer(byte[] precompiled) {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    bytes(message, 2, precompiled);
    bytes(model, 5, message.toByteArray());
    return this;
  }

  byte[] build() {
    bytes(model, 2, trainer.toByteArray());
    bytes(model, 3, normalizer.toByteArray());
    return model.toByteArray();
  }

  private static void number(ByteArrayOutputStream out, int field, int value) {
    out.write(field << 3);
    varint(out, value);
  }

  private static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
    out.write(field << 3 | ProtobufReader.LENGTH);
    varint(out, value.length);
    out.writeBytes(value);
  }

  private static void varint(ByteArrayOutputStream out, int value) {
    int rest = value;
    while (rest > 0x7F) {
      out.write((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }
}

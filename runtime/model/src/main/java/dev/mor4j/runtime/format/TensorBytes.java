package dev.mor4j.runtime.format;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** Produces the bytes of one tensor, little-endian and row-major, piece by piece. */
@FunctionalInterface
public interface TensorBytes {
  /** Writes every byte to {@code sink}, whose {@code write} always takes the whole buffer. */
  void writeTo(WritableByteChannel sink) throws IOException;
}

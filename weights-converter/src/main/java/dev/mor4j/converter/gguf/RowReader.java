package dev.mor4j.converter.gguf;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * Reads rows of the tensors of a safetensors file as float32, one at a time: heap for one row is
 * all it takes. Owns a channel. For one thread.
 */
final class RowReader implements AutoCloseable {
  private final SafetensorsFile file;
  private final FileChannel channel;

  private RowReader(SafetensorsFile file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  static RowReader open(SafetensorsFile file) throws IOException {
    return new RowReader(file, FileChannel.open(file.path(), StandardOpenOption.READ));
  }

  /** A buffer for {@link #read}. */
  static ByteBuffer buffer(SafetensorsFile.Tensor tensor) {
    int bytes = Math.toIntExact(tensor.shape().getLast() * tensor.dtype().byteSize());
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads row {@code row} of {@code tensor}, of type F32 or BF16.
   *
   * @param buffer of {@link #buffer} for this tensor
   * @param values receives the row
   */
  void read(SafetensorsFile.Tensor tensor, long row, ByteBuffer buffer, float[] values)
      throws IOException {
    buffer.clear();
    long at = tensor.offset() + row * buffer.capacity();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new ModelFormatException(
            file.path(), "tensor " + tensor.name() + ": the file was shortened while it was read");
      }
    }
    buffer.flip();
    if (tensor.dtype() == DType.F32) {
      buffer.asFloatBuffer().get(values);
    } else {
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.intBitsToFloat(buffer.getShort() << 16);
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

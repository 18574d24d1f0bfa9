package dev.mor4j.converter.write;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.function.LongConsumer;

/** Passes everything on and reports each piece's length. Borrows the channel. */
record CountingSink(WritableByteChannel target, LongConsumer progress)
    implements WritableByteChannel {
  @Override
  public int write(ByteBuffer source) throws IOException {
    int written = target.write(source);
    progress.accept(written);
    return written;
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() {}
}

package dev.mor4j.cli.terminal;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;

/**
 * An output whose failures are not lost in the {@link java.io.PrintStream} around it, which hides
 * every {@link IOException}.
 */
public final class LoudOutputStream extends FilterOutputStream {
  private boolean failed;

  public LoudOutputStream(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    attempt(() -> out.write(bytes, offset, length));
  }

  @Override
  public void flush() {
    attempt(out::flush);
  }

  private void attempt(Write write) {
    if (failed) {
      // Said once; closing streams on the way out must not say it again.
      return;
    }
    try {
      write.run();
    } catch (IOException e) {
      failed = true;
      String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
      if (message.contains("broken pipe") || message.contains("pipe is being closed")) {
        throw new OutputClosedException(e);
      }
      throw new UncheckedIOException("cannot write to the output: " + e.getMessage(), e);
    }
  }

  private interface Write {
    void run() throws IOException;
  }
}

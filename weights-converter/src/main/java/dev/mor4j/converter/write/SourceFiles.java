package dev.mor4j.converter.write;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** What a conversion was made from: names, sizes and SHA-256 of files, for its report. */
public final class SourceFiles {
  private static final int BUFFER_BYTES = 1 << 18;

  private SourceFiles() {}

  /** Bytes of all the files. */
  public static long bytes(List<Path> files) throws IOException {
    long bytes = 0;
    for (Path file : files) {
      bytes += Files.size(file);
    }
    return bytes;
  }

  /** A map with name, size and sha256 for each file. */
  public static List<Object> describe(List<Path> files, LongConsumer progress) throws IOException {
    List<Object> described = new ArrayList<>();
    for (Path file : files) {
      // Counted as it is read: a file that grows meanwhile is described as it was hashed.
      long[] size = {0};
      String sha256 =
          sha256(
              file,
              length -> {
                size[0] += length;
                progress.accept(length);
              });
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", file.getFileName().toString());
      map.put("bytes", size[0]);
      map.put("sha256", sha256);
      described.add(map);
    }
    return described;
  }

  /** The SHA-256 of a file, in hexadecimal; {@code progress} gets the length of each piece. */
  public static String sha256(Path file, LongConsumer progress) throws IOException {
    DigestSink digest = new DigestSink(progress);
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("the conversion was interrupted");
        }
        digest.write(buffer.flip());
      }
    }
    return digest.hex();
  }
}

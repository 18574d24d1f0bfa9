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
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    for (Path file : files) {
      DigestSink digest = new DigestSink(progress);
      long size = 0;
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        while (channel.read(buffer.clear()) >= 0) {
          if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("the conversion was interrupted");
          }
          size += digest.write(buffer.flip());
        }
      }
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", file.getFileName().toString());
      map.put("bytes", size);
      map.put("sha256", digest.hex());
      described.add(map);
    }
    return described;
  }
}

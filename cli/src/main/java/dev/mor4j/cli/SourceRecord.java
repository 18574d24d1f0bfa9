package dev.mor4j.cli;

import dev.mor4j.runtime.format.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** What {@code conversion.json} says that a model was converted from. */
final class SourceRecord {
  private static final long MOST_BYTES = 16 << 20;
  private static final int BUFFER_BYTES = 1 << 16;

  private SourceRecord() {}

  /** Whether {@code folder} is whole and was converted from just the files of {@code source}. */
  static boolean matches(Path folder, Path source) throws IOException {
    Path record = folder.resolve("conversion.json");
    boolean whole =
        Files.isRegularFile(record)
            && Files.isRegularFile(folder.resolve("config.json"))
            && Files.isRegularFile(folder.resolve("model.safetensors"))
            && Files.isRegularFile(folder.resolve("tokenizer.json"))
                == Files.isRegularFile(source.resolve("tokenizer.json"));
    if (!whole
        || !(StrictJson.read(record, MOST_BYTES).get("source_files") instanceof List<?> files)
        || files.isEmpty()) {
      return false;
    }
    for (Object file : files) {
      if (!(file instanceof Map<?, ?> entry) || !matches(entry, source)) {
        return false;
      }
    }
    return true;
  }

  private static boolean matches(Map<?, ?> entry, Path source) throws IOException {
    if (!(entry.get("name") instanceof String name)
        || !(entry.get("bytes") instanceof Number bytes)
        || !(entry.get("sha256") instanceof String sha256)) {
      return false;
    }
    Path file = source.resolve(name);
    return Files.isRegularFile(file)
        && Files.size(file) == bytes.longValue()
        && sha256(file).equals(sha256);
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream input = Files.newInputStream(file)) {
      for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}

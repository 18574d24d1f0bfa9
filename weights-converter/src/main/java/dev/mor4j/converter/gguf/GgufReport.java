package dev.mor4j.converter.gguf;

import java.nio.file.Path;
import java.util.List;

/**
 * What an export made.
 *
 * @param type of the matrices, but those that a warning names
 * @param bytes of the file
 * @param warnings what the user should know
 */
public record GgufReport(Path file, GgufType type, int tensors, long bytes, List<String> warnings) {
  public GgufReport {
    warnings = List.copyOf(warnings);
  }
}

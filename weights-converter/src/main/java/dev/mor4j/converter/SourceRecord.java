package dev.mor4j.converter;

import dev.mor4j.converter.write.SourceFiles;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@code conversion.json} says that a model was converted from. */
public final class SourceRecord {
  private static final long MOST_BYTES = 16 << 20;

  private SourceRecord() {}

  /**
   * Whether {@code folder} is whole and was converted from just the files of {@code source}, its
   * numbers as they are there.
   */
  public static boolean matches(Path folder, Path source) throws IOException {
    Path record = folder.resolve(OutputFolder.REPORT);
    boolean whole =
        Files.isRegularFile(record)
            && Files.isRegularFile(folder.resolve(ModelConfigJson.FILE_NAME))
            && Files.isRegularFile(folder.resolve(OutputFolder.WEIGHTS))
            && textFiles(folder).equals(textFiles(source));
    if (!whole) {
      return false;
    }
    Map<String, Object> report = StrictJson.read(record, MOST_BYTES);
    if (report.containsKey(CheckpointConverter.QUANTIZATION)
        || !(report.get("source_files") instanceof List<?> files)
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

  /** The names of the files that a conversion takes along. */
  private static List<String> textFiles(Path folder) throws IOException {
    return Stream.concat(TextFiles.tokenizer(folder).stream(), TextFiles.settings(folder).stream())
        .map(file -> file.getFileName().toString())
        .toList();
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
        && SourceFiles.sha256(file, length -> {}).equals(sha256);
  }
}

package dev.mor4j.converter.source;

import dev.mor4j.converter.pickle.TorchArchive;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a checkpoint folder, whatever the format of its files. Owns read-only mappings of
 * them; only headers and pickles have been read. For the thread that opened it.
 */
public final class SourceWeights implements AutoCloseable {
  /** File names, in the order of preference. */
  private static final List<String> NAMES =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private static final List<String> PREFIXES = List.of("module.", "_orig_mod.");

  private final Arena arena = Arena.ofConfined();
  private final List<Path> files = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> duplicates = new ArrayList<>();
  private Map<String, SourceTensor> tensors = new LinkedHashMap<>();

  private SourceWeights() {}

  /** Whether there is a file that {@link #open} would read. */
  public static boolean areIn(Path folder) throws ModelFormatException {
    return !present(folder).isEmpty();
  }

  private static List<String> present(Path folder) throws ModelFormatException {
    List<String> present = new ArrayList<>();
    for (String name : NAMES) {
      if (SourceFolder.has(folder.resolve(name))) {
        present.add(name);
      }
    }
    return present;
  }

  /**
   * Opens the weights of {@code folder}.
   *
   * @throws ModelFormatException where there are none, or a file breaks its format
   */
  public static SourceWeights open(Path folder) throws IOException {
    List<String> present = present(folder);
    if (present.isEmpty()) {
      throw new ModelFormatException(folder, "the folder has no weights, expected one of " + NAMES);
    }
    SourceWeights weights = new SourceWeights();
    try {
      String chosen = present.getFirst();
      if (present.size() > 1) {
        weights.warnings.add(chosen + " was read; not read: " + present.subList(1, present.size()));
      }
      Path file = folder.resolve(chosen);
      if (chosen.endsWith(".index.json")) {
        weights.addShards(file);
      } else {
        weights.addFile(file);
      }
      weights.stripPrefixes();
    } catch (IOException | RuntimeException | Error e) {
      weights.close();
      throw e;
    }
    return weights;
  }

  /** Name → tensor, in the order of the files. Unmodifiable. */
  public Map<String, SourceTensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** The files that were opened, an index among them. */
  public List<Path> files() {
    return List.copyOf(files);
  }

  /** What the reader of the conversion's report should know. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void addShards(Path indexFile) throws IOException {
    files.add(indexFile);
    ShardIndex index = ShardIndex.read(indexFile);
    for (String shard : index.shards()) {
      addFile(indexFile.resolveSibling(shard));
    }
    index.check(tensors);
  }

  private void addFile(Path file) throws IOException {
    if (!SourceFolder.has(file)) {
      throw new ModelFormatException(file, "the file is missing, expected the weights in it");
    }
    files.add(file);
    if (file.getFileName().toString().endsWith(".safetensors")) {
      addSafetensors(file);
    } else {
      MemorySegment bytes;
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      }
      TorchArchive.read(file, bytes)
          .forEach(
              (name, tensor) ->
                  put(
                      new SourceTensor(
                          file,
                          name,
                          tensor.dtype(),
                          tensor.shape(),
                          tensor.strides(),
                          tensor.storage(),
                          tensor.offset())));
    }
    if (!duplicates.isEmpty()) {
      throw new ModelFormatException(
          file, "tensors " + duplicates + " are in another file of the checkpoint too");
    }
  }

  private void put(SourceTensor tensor) {
    if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
      duplicates.add(tensor.name());
    }
  }

  private void addSafetensors(Path file) throws IOException {
    SafetensorsFile safetensors = SafetensorsFile.open(file);
    MemorySegment bytes = safetensors.map(arena);
    for (SafetensorsFile.Tensor tensor : safetensors.tensors().values()) {
      put(
          new SourceTensor(
              file,
              tensor.name(),
              tensor.dtype(),
              tensor.shape(),
              contiguous(tensor.shape()),
              bytes.asSlice(tensor.offset(), tensor.byteSize()),
              0));
    }
    // safetensors.torch.save_model leaves shared tensors out and notes under which name they are.
    safetensors
        .metadata()
        .forEach(
            (left, kept) -> {
              if (safetensors.tensors().containsKey(kept)
                  && !safetensors.tensors().containsKey(left)) {
                tensors.put(left, tensors.get(kept));
              }
            });
  }

  private static List<Long> contiguous(List<Long> shape) {
    List<Long> strides = new ArrayList<>(Collections.nCopies(shape.size(), 1L));
    long stride = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      strides.set(i, stride);
      stride *= Math.max(1, shape.get(i));
    }
    return strides;
  }

  private void stripPrefixes() {
    for (int i = 0; i < PREFIXES.size(); i++) {
      String prefix = PREFIXES.get(i);
      if (!tensors.isEmpty()
          && tensors.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
        Map<String, SourceTensor> stripped = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> stripped.put(name.substring(prefix.length()), tensor));
        tensors = stripped;
        i = -1;
      }
    }
  }
}

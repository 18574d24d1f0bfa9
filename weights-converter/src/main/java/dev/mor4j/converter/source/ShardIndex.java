package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * {@code *.index.json} of a checkpoint in several files: which tensor is in which.
 *
 * @param weightMap tensor name → file name, next to the index
 */
record ShardIndex(Path file, Map<String, String> weightMap) {
  private static final long MAX_BYTES = 64L << 20;

  static ShardIndex read(Path file) throws IOException {
    Settings index = new Settings(file, StrictJson.read(file, MAX_BYTES));
    index.ignore("metadata");
    Settings map = index.object("weight_map");
    index.finish();
    Map<String, String> weightMap = new LinkedHashMap<>();
    for (String name : map.keys()) {
      String shard = map.text(name);
      // A name with a separator could lead out of the folder.
      if (!shard.matches("[A-Za-z0-9._-]+\\.(safetensors|bin)")) {
        throw map.wrong(name, "the plain name of a .safetensors or .bin file");
      }
      weightMap.put(name, shard);
    }
    return new ShardIndex(file, weightMap);
  }

  Set<String> shards() {
    return new LinkedHashSet<>(weightMap.values());
  }

  /** Checks that the files hold exactly what the index says, where it says. */
  void check(Map<String, SourceTensor> tensors) throws ModelFormatException {
    for (Map.Entry<String, String> entry : weightMap.entrySet()) {
      SourceTensor tensor = tensors.get(entry.getKey());
      if (tensor == null || !tensor.file().getFileName().toString().equals(entry.getValue())) {
        throw new ModelFormatException(
            file,
            "tensor "
                + entry.getKey()
                + " is not in "
                + entry.getValue()
                + (tensor == null ? "" : " but in " + tensor.file().getFileName())
                + ", where the index says it is");
      }
    }
    for (String name : tensors.keySet()) {
      if (!weightMap.containsKey(name)) {
        throw new ModelFormatException(
            file, "tensor " + name + " is in a file but not in the index");
      }
    }
  }
}

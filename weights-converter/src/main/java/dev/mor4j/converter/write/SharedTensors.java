package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongConsumer;

/**
 * Which tensors of a model are the same, type, shape and bits, whatever the sharing strategy says:
 * each is stored under the first of its names.
 *
 * <p>Source: docs/forward-pass.md, section 4.
 *
 * @param stored canonical name → tensor to store, in the order of use
 * @param aliases every other canonical name → the name it is stored under
 */
public record SharedTensors(Map<String, SourceTensor> stored, Map<String, String> aliases) {
  /** How much of a tensor is compared first; of tensors that differ, no more needs to be read. */
  private static final int HEAD_BYTES = 1 << 14;

  private record Candidate(String head, SourceTensor.Place shape) {}

  /** Compares by value, by SHA-256; reads the tensors that begin alike whole. */
  public static SharedTensors byValue(Map<String, SourceTensor> named, LongConsumer progress)
      throws IOException {
    SharedTensors places = byPlace(named);
    Map<Candidate, List<String>> groups = new LinkedHashMap<>();
    for (Map.Entry<String, SourceTensor> entry : places.stored.entrySet()) {
      // The router bias is stored in another type than it may have in the source.
      if (!entry.getKey().equals(TensorNames.ROUTER_BIAS)) {
        SourceTensor tensor = entry.getValue();
        groups
            .computeIfAbsent(
                new Candidate(
                    digest(tensor, HEAD_BYTES, done -> {}),
                    new SourceTensor.Place(0, tensor.dtype(), tensor.shape(), List.of())),
                key -> new ArrayList<>())
            .add(entry.getKey());
      }
    }
    Map<String, String> first = new HashMap<>();
    for (List<String> group : groups.values()) {
      Map<String, String> digests = new HashMap<>();
      for (String name : group.size() > 1 ? group : List.<String>of()) {
        String digest = digest(places.stored.get(name), Long.MAX_VALUE, progress);
        String same = digests.putIfAbsent(digest, name);
        if (same != null) {
          first.put(name, same);
        }
      }
    }
    Map<String, SourceTensor> stored = new LinkedHashMap<>(places.stored);
    stored.keySet().removeAll(first.keySet());
    Map<String, String> aliases = new LinkedHashMap<>(first);
    places.aliases.forEach((name, target) -> aliases.put(name, first.getOrDefault(target, target)));
    return new SharedTensors(stored, aliases);
  }

  /**
   * Finds the tensors that are one range of a file, as a PyTorch file has them; reads no tensor.
   */
  public static SharedTensors byPlace(Map<String, SourceTensor> named) {
    Map<String, SourceTensor> stored = new LinkedHashMap<>();
    Map<String, String> aliases = new LinkedHashMap<>();
    Map<SourceTensor.Place, String> first = new HashMap<>();
    named.forEach(
        (name, tensor) -> {
          String same = first.putIfAbsent(tensor.place(), name);
          if (same == null) {
            stored.put(name, tensor);
          } else {
            aliases.put(name, same);
          }
        });
    return new SharedTensors(stored, aliases);
  }

  /**
   * The same tensors, where names that differ in kind do not share one.
   *
   * @param names canonical names in the order of use; the first of each kind names what is stored
   * @param kind of a name
   */
  public SharedTensors apart(Collection<String> names, Function<String, ?> kind) {
    record Use(String stored, Object kind) {}
    Map<String, SourceTensor> apart = new LinkedHashMap<>();
    Map<String, String> others = new LinkedHashMap<>();
    Map<Use, String> first = new HashMap<>();
    for (String name : names) {
      String storedName = aliases.getOrDefault(name, name);
      // A tied head may have no tensor yet.
      if (stored.containsKey(storedName)) {
        String same = first.putIfAbsent(new Use(storedName, kind.apply(name)), name);
        if (same == null) {
          apart.put(name, stored.get(storedName));
        } else {
          others.put(name, same);
        }
      }
    }
    return new SharedTensors(apart, others);
  }

  /**
   * Names of tensors that the sharing strategy says are those of an earlier recursion, and that are
   * not.
   */
  public List<String> untied(ModelConfig config) {
    List<String> untied = new ArrayList<>();
    Map<String, String> firstOfBlock = new HashMap<>();
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      int blockLayer = config.blockLayerOf(layer);
      if (blockLayer < 0) {
        continue;
      }
      for (String part : TensorNames.PARTS) {
        String name = TensorNames.layer(layer, part);
        String storedName = aliases.getOrDefault(name, name);
        String shared = firstOfBlock.putIfAbsent(blockLayer + part, storedName);
        if (shared != null && !shared.equals(storedName)) {
          untied.add(name);
        }
      }
    }
    return untied;
  }

  private static String digest(SourceTensor tensor, long limit, LongConsumer progress)
      throws IOException {
    DigestSink sink = new DigestSink(progress);
    tensor.writeTo(sink, limit);
    return sink.hex();
  }
}

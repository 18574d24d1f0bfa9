package dev.mor4j.converter.gguf;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.TensorNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The tensors of a dense model as llama.cpp's architecture {@code llama} names and orders them, all
 * layers unrolled.
 *
 * <p>Rotary embedding: ours turns number {@code j} of a head with number {@code j + DH/2}; that
 * architecture turns {@code 2j} with {@code 2j + 1}. So the rows of q and k are interleaved in each
 * head, as {@code permute} of llama.cpp's converter does; scores do not change, for q and k change
 * alike.
 */
final class LlamaTensors {
  private static final Map<String, String> PARTS =
      Map.of(
          "input_norm", "attn_norm",
          "q", "attn_q",
          "k", "attn_k",
          "v", "attn_v",
          "o", "attn_output",
          "post_norm", "ffn_norm",
          "gate", "ffn_gate",
          "up", "ffn_up",
          "down", "ffn_down");

  /**
   * A tensor of the file.
   *
   * @param canonical its name in {@link TensorNames}
   * @param headDim DH where the rows of each head are interleaved, else 0
   */
  record Place(String name, String canonical, List<Long> shape, int headDim) {
    Place {
      shape = List.copyOf(shape);
    }

    long rows() {
      return shape.size() == 1 ? 1 : shape.getFirst();
    }

    int columns() {
      return Math.toIntExact(shape.getLast());
    }

    /** Our row that is row {@code row} of the file. */
    long sourceRow(long row) {
      if (headDim == 0) {
        return row;
      }
      long inHead = row % headDim;
      return row - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
    }
  }

  private LlamaTensors() {}

  /** Every tensor; the head only where it is not the embedding. */
  static List<Place> of(ModelConfig config) {
    ArchitectureConfig a = config.architecture();
    Map<String, long[]> shapes = TensorNames.shapes(config);
    List<Place> places = new ArrayList<>();
    places.add(place("token_embd.weight", TensorNames.EMBEDDING, shapes, 0));
    for (int layer = 0; layer < a.layers(); layer++) {
      for (String part : TensorNames.PARTS) {
        places.add(
            place(
                "blk." + layer + "." + PARTS.get(part) + ".weight",
                TensorNames.layer(layer, part),
                shapes,
                part.equals("q") || part.equals("k") ? a.headDim() : 0));
      }
    }
    places.add(place("output_norm.weight", TensorNames.FINAL_NORM, shapes, 0));
    if (!config.storedName(TensorNames.HEAD).equals(config.storedName(TensorNames.EMBEDDING))) {
      places.add(place("output.weight", TensorNames.HEAD, shapes, 0));
    }
    return places;
  }

  private static Place place(
      String name, String canonical, Map<String, long[]> shapes, int headDim) {
    List<Long> shape = new ArrayList<>();
    for (long dimension : shapes.get(canonical)) {
      shape.add(dimension);
    }
    return new Place(name, canonical, shape, headDim);
  }
}

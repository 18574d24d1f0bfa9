package dev.mor4j.converter;

import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.packing.Packing;
import java.util.Objects;
import java.util.Optional;

/**
 * How a conversion packs the matrices of a model. Norms and routers are never packed.
 *
 * @param layers packing of the matrices of all layers
 * @param head packing of the embedding and the head, which may be one tensor
 */
public record Quantization(Packing layers, Packing head) {
  public Quantization {
    Objects.requireNonNull(layers, "layers");
    Objects.requireNonNull(head, "head");
  }

  /**
   * The layers in {@code layers}, embedding and head too; with INT4 they are INT8, because half of
   * what INT4 costs a model is lost there.
   */
  public static Quantization of(Packing layers) {
    return new Quantization(layers, layers == Packing.INT4 ? Packing.INT8 : layers);
  }

  /** The packing of the tensor of canonical name {@code name}; none where it stays row-major. */
  public Optional<Packing> packingOf(String name) {
    if (!TensorNames.mayBePacked(name)) {
      return Optional.empty();
    }
    boolean ends = name.equals(TensorNames.EMBEDDING) || name.equals(TensorNames.HEAD);
    return Optional.of(ends ? head : layers);
  }
}

package dev.mor4j.runtime.format;

import java.util.Map;

/**
 * Weights that a token passes: {@code unique + depth · block}, and the head where its logits are
 * asked for. A model without sharing has a block of all layers and depth 1. Routers, norms of the
 * end and the one row of the embedding are left out.
 *
 * @param uniqueBytes stored bytes of the layers outside the block
 * @param blockBytes of the layers of one recursion
 * @param headBytes of the head
 * @param uniqueElements as {@code uniqueBytes}, in numbers
 * @param blockElements as {@code blockBytes}, in numbers
 */
public record WeightCost(
    long uniqueBytes, long blockBytes, long headBytes, long uniqueElements, long blockElements) {
  /** The cost of a model whose tensors are {@code tensors}; see {@link StoredTensors#of}. */
  public static WeightCost of(ModelConfig config, Map<String, StoredTensor> tensors) {
    long[] bytes = new long[2];
    long[] elements = new long[2];
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      int recursion = config.recursionOf(layer);
      if (recursion > 0) {
        continue;
      }
      for (String part : TensorNames.PARTS) {
        StoredTensor tensor = tensors.get(TensorNames.layer(layer, part));
        bytes[recursion + 1] += tensor.byteSize();
        elements[recursion + 1] += tensor.elements();
      }
    }
    long head = tensors.get(TensorNames.HEAD).byteSize();
    return new WeightCost(bytes[0], bytes[1], head, elements[0], elements[1]);
  }

  /** Bytes of weights that decoding reads for a token of this depth. */
  public double decodeBytes(double depth) {
    return uniqueBytes + depth * blockBytes + headBytes;
  }

  /** Multiplications and additions of the layers' matrices for a token of this depth. */
  public double layerFlops(double depth) {
    return 2 * (uniqueElements + depth * blockElements);
  }
}

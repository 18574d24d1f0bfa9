package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_layer;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.weights.LayerWeights;
import java.lang.foreign.MemorySegment;

/**
 * One decoder layer, borrowed: weights, and where its keys and values lie in a page; {@code
 * mor4j_layer}.
 *
 * @param weights its matrices and norms
 * @param kvLayer index of the layer inside a page
 * @param kvMode what it does with keys and values
 * @param overlayLayer index inside an overlay page, 0 without one
 */
public record LayerView(LayerWeights weights, int kvLayer, KvMode kvMode, int overlayLayer) {
  void write(MemorySegment target) {
    Codes.write(weights.inputNorm(), mor4j_layer.input_norm(target));
    Codes.write(weights.q(), mor4j_layer.q(target));
    Codes.write(weights.k(), mor4j_layer.k(target));
    Codes.write(weights.v(), mor4j_layer.v(target));
    Codes.write(weights.o(), mor4j_layer.o(target));
    Codes.write(weights.postNorm(), mor4j_layer.post_norm(target));
    Codes.write(weights.gate(), mor4j_layer.gate(target));
    Codes.write(weights.up(), mor4j_layer.up(target));
    Codes.write(weights.down(), mor4j_layer.down(target));
    mor4j_layer.kv_layer(target, kvLayer);
    mor4j_layer.kv_mode(target, Codes.of(kvMode));
    mor4j_layer.overlay_layer(target, overlayLayer);
    mor4j_layer.reserved(target, 0);
  }
}

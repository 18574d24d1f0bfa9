package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_layer;
import java.lang.foreign.MemorySegment;

/**
 * One decoder layer, borrowed: weights, and where its keys and values lie in a page; {@code
 * mor4j_layer}.
 *
 * @param inputNorm [1, H]
 * @param q [NH·DH, H]
 * @param k [NKV·DH, H]
 * @param v [NKV·DH, H]
 * @param o [H, NH·DH]
 * @param postNorm [1, H]
 * @param gate [F, H]
 * @param up [F, H]
 * @param down [H, F]
 * @param kvLayer index of the layer inside a page
 * @param kvMode what it does with keys and values
 * @param overlayLayer index inside an overlay page, 0 without one
 */
public record LayerView(
    MatrixView inputNorm,
    MatrixView q,
    MatrixView k,
    MatrixView v,
    MatrixView o,
    MatrixView postNorm,
    MatrixView gate,
    MatrixView up,
    MatrixView down,
    int kvLayer,
    KvMode kvMode,
    int overlayLayer) {
  void write(MemorySegment target) {
    inputNorm.write(mor4j_layer.input_norm(target));
    q.write(mor4j_layer.q(target));
    k.write(mor4j_layer.k(target));
    v.write(mor4j_layer.v(target));
    o.write(mor4j_layer.o(target));
    postNorm.write(mor4j_layer.post_norm(target));
    gate.write(mor4j_layer.gate(target));
    up.write(mor4j_layer.up(target));
    down.write(mor4j_layer.down(target));
    mor4j_layer.kv_layer(target, kvLayer);
    mor4j_layer.kv_mode(target, kvMode.code());
    mor4j_layer.overlay_layer(target, overlayLayer);
    mor4j_layer.reserved(target, 0);
  }
}

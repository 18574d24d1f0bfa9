package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_layer;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.weights.MatrixView;
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
    Codes.write(inputNorm, mor4j_layer.input_norm(target));
    Codes.write(q, mor4j_layer.q(target));
    Codes.write(k, mor4j_layer.k(target));
    Codes.write(v, mor4j_layer.v(target));
    Codes.write(o, mor4j_layer.o(target));
    Codes.write(postNorm, mor4j_layer.post_norm(target));
    Codes.write(gate, mor4j_layer.gate(target));
    Codes.write(up, mor4j_layer.up(target));
    Codes.write(down, mor4j_layer.down(target));
    mor4j_layer.kv_layer(target, kvLayer);
    mor4j_layer.kv_mode(target, Codes.of(kvMode));
    mor4j_layer.overlay_layer(target, overlayLayer);
    mor4j_layer.reserved(target, 0);
  }
}

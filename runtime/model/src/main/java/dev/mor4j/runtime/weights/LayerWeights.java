package dev.mor4j.runtime.weights;

/**
 * The weights of one decoder layer, borrowed from the model's map.
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
 */
public record LayerWeights(
    MatrixView inputNorm,
    MatrixView q,
    MatrixView k,
    MatrixView v,
    MatrixView o,
    MatrixView postNorm,
    MatrixView gate,
    MatrixView up,
    MatrixView down) {}

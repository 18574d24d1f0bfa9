package dev.mor4j.runtime.format;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Canonical names and shapes of a model's tensors. Every place that uses a tensor has a name; what
 * is identical is stored under the first of its names, and {@link ModelConfig#aliases()} leads the
 * others there.
 *
 * <pre>
 *   embed_tokens.weight                 [V, H]
 *   layers.{i}.input_norm.weight        [H]          i = unrolled layer, 0 .. L-1
 *   layers.{i}.q|k|v|o.weight           [NH·DH, H] [NKV·DH, H] [NKV·DH, H] [H, NH·DH]
 *   layers.{i}.post_norm.weight         [H]
 *   layers.{i}.gate|up|down.weight      [F, H] [F, H] [H, F]
 *   routers.{r}.w1.weight, .w2.weight   linear: [outs, H]; mlp: [2H, H], [outs, 2H]
 *   aux_routers.{r}.w1.weight, …        the same, where a second router decides
 *   router_bias                         [N], token-choice with loss-free balancing; float32
 *   norm.weight                         [H]
 *   lm_head.weight                      [V, H]
 * </pre>
 *
 * Expert-choice has a router for each recursion with one output; token-choice one router, {@code
 * routers.0}, with N.
 *
 * <p>These are the shapes of the numbers. In a file the matrices of layers, embedding and head may
 * be packed; see {@link StoredTensors}.
 */
public final class TensorNames {
  public static final String EMBEDDING = "embed_tokens.weight";
  public static final String FINAL_NORM = "norm.weight";
  public static final String HEAD = "lm_head.weight";
  public static final String ROUTER_BIAS = "router_bias";

  /** The parts of a decoder layer that have a tensor, in the order of use. */
  public static final List<String> PARTS =
      List.of("input_norm", "q", "k", "v", "o", "post_norm", "gate", "up", "down");

  private TensorNames() {}

  /**
   * The name of a tensor of unrolled layer {@code layer}; {@code part} is one of the parts listed
   * above.
   */
  public static String layer(int layer, String part) {
    return "layers." + layer + "." + part + ".weight";
  }

  /** The name of matrix {@code w1} or {@code w2} of the router of {@code recursion}. */
  public static String router(int recursion, String matrix) {
    return "routers." + recursion + "." + matrix + ".weight";
  }

  /** The name of matrix {@code w1} or {@code w2} of the auxiliary router of {@code recursion}. */
  public static String auxiliaryRouter(int recursion, String matrix) {
    return "aux_routers." + recursion + "." + matrix + ".weight";
  }

  /**
   * Whether the tensor of canonical name {@code name} is a matrix that may be packed: one of a
   * layer, the embedding or the head. Norms and routers stay as they are, for they are small and
   * decide much.
   */
  public static boolean mayBePacked(String name) {
    return name.equals(EMBEDDING)
        || name.equals(HEAD)
        || (name.startsWith("layers.") && !name.endsWith("_norm.weight"));
  }

  /** Every canonical name of a model with its shape, in the order of use. */
  public static Map<String, long[]> shapes(ModelConfig config) {
    ArchitectureConfig a = config.architecture();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    long hidden = a.hidden();
    long queries = (long) a.heads() * a.headDim();
    long keys = (long) a.kvHeads() * a.headDim();
    shapes.put(EMBEDDING, new long[] {a.vocabulary(), hidden});
    for (int i = 0; i < a.layers(); i++) {
      shapes.put(layer(i, "input_norm"), new long[] {hidden});
      shapes.put(layer(i, "q"), new long[] {queries, hidden});
      shapes.put(layer(i, "k"), new long[] {keys, hidden});
      shapes.put(layer(i, "v"), new long[] {keys, hidden});
      shapes.put(layer(i, "o"), new long[] {hidden, queries});
      shapes.put(layer(i, "post_norm"), new long[] {hidden});
      shapes.put(layer(i, "gate"), new long[] {a.intermediate(), hidden});
      shapes.put(layer(i, "up"), new long[] {a.intermediate(), hidden});
      shapes.put(layer(i, "down"), new long[] {hidden, a.intermediate()});
    }
    switch (config.routing()) {
      case RoutingConfig.None none -> {}
      case RoutingConfig.ExpertChoice expert -> {
        for (int r = 0; r < config.recursions(); r++) {
          putRouter(shapes, router(r, "w1"), router(r, "w2"), expert.router(), hidden, 1);
          if (expert.auxiliaryRouter()) {
            putRouter(
                shapes,
                auxiliaryRouter(r, "w1"),
                auxiliaryRouter(r, "w2"),
                expert.router(),
                hidden,
                1);
          }
        }
      }
      case RoutingConfig.TokenChoice token -> {
        putRouter(
            shapes, router(0, "w1"), router(0, "w2"), token.router(), hidden, config.recursions());
        if (token.lossFreeBias()) {
          shapes.put(ROUTER_BIAS, new long[] {config.recursions()});
        }
      }
    }
    shapes.put(FINAL_NORM, new long[] {hidden});
    shapes.put(HEAD, new long[] {a.vocabulary(), hidden});
    return shapes;
  }

  private static void putRouter(
      Map<String, long[]> shapes,
      String w1,
      String w2,
      RoutingConfig.RouterKind kind,
      long hidden,
      long outs) {
    if (kind == RoutingConfig.RouterKind.LINEAR) {
      shapes.put(w1, new long[] {outs, hidden});
    } else {
      shapes.put(w1, new long[] {2 * hidden, hidden});
      shapes.put(w2, new long[] {outs, 2 * hidden});
    }
  }
}

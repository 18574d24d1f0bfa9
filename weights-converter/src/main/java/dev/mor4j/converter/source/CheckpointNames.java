package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.RoutingConfig.RouterKind;
import dev.mor4j.runtime.format.TensorNames;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a checkpoint calls the tensors of {@link TensorNames}.
 *
 * <pre>
 *   no router      model.layers.{i}.…
 *   expert-choice  model.layers.0.…  model.layers.{r+1}.block.{j}.…  model.layers.{N+1}.…    cycle: model.layers.{r}.block.{j}.…
 *   token-choice   model.layers.0.…  model.layers.1.block_list.{r}.{j}.…  model.layers.2.…   cycle: model.layers.0.block_list.…
 *   routers        mor_router.router.weight (linear) or .router.0.weight, .router.2.weight; mlp_router.… where a second one decides
 * </pre>
 *
 * <p>Source: docs/forward-pass.md, section 5.
 */
public final class CheckpointNames {
  private static final Map<String, String> PARTS =
      Map.of(
          "input_norm", "input_layernorm",
          "q", "self_attn.q_proj",
          "k", "self_attn.k_proj",
          "v", "self_attn.v_proj",
          "o", "self_attn.o_proj",
          "post_norm", "post_attention_layernorm",
          "gate", "mlp.gate_proj",
          "up", "mlp.up_proj",
          "down", "mlp.down_proj");

  private final ModelConfig config;
  private final int ends;

  private CheckpointNames(ModelConfig config) {
    this.config = config;
    this.ends = config.sharing().uniqueAtEachEnd();
  }

  /** Canonical name → name in the checkpoint, for every tensor of the model. */
  public static Map<String, String> of(ModelConfig config) {
    return new CheckpointNames(config).names();
  }

  private Map<String, String> names() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put(TensorNames.EMBEDDING, "model.embed_tokens.weight");
    names.put(TensorNames.FINAL_NORM, "model.norm.weight");
    names.put(TensorNames.HEAD, "lm_head.weight");
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      String prefix = layerPrefix(layer);
      for (Map.Entry<String, String> part : PARTS.entrySet()) {
        names.put(TensorNames.layer(layer, part.getKey()), prefix + part.getValue() + ".weight");
      }
    }
    switch (config.routing()) {
      case RoutingConfig.None none -> {}
      case RoutingConfig.ExpertChoice expert -> {
        for (int r = 0; r < config.recursions(); r++) {
          String layer = "model.layers." + (r + ends);
          router(
              names,
              TensorNames.router(r, "w1"),
              TensorNames.router(r, "w2"),
              layer + ".mor_router",
              expert.router());
          if (expert.auxiliaryRouter()) {
            router(
                names,
                TensorNames.auxiliaryRouter(r, "w1"),
                TensorNames.auxiliaryRouter(r, "w2"),
                layer + ".mlp_router",
                expert.router());
          }
        }
      }
      case RoutingConfig.TokenChoice token -> {
        String layer = "model.layers." + ends;
        router(
            names,
            TensorNames.router(0, "w1"),
            TensorNames.router(0, "w2"),
            layer + ".mor_router",
            token.router());
        if (token.lossFreeBias()) {
          names.put(TensorNames.ROUTER_BIAS, layer + ".router_bias");
        }
      }
    }
    return names;
  }

  private String layerPrefix(int layer) {
    int recursion = config.recursionOf(layer);
    int blockLayer = config.blockLayerOf(layer);
    boolean last = layer == config.architecture().layers() - 1;
    return "model.layers."
        + switch (config.routing()) {
          case RoutingConfig.None none -> layer + ".";
          case RoutingConfig.ExpertChoice expert ->
              recursion >= 0
                  ? (recursion + ends) + ".block." + blockLayer + "."
                  : (last ? config.recursions() + 1 : 0) + ".";
          case RoutingConfig.TokenChoice token ->
              recursion >= 0
                  ? ends + ".block_list." + recursion + "." + blockLayer + "."
                  : (last ? 2 : 0) + ".";
        };
  }

  private static void router(
      Map<String, String> names, String w1, String w2, String module, RouterKind kind) {
    if (kind == RouterKind.LINEAR) {
      names.put(w1, module + ".router.weight");
    } else {
      names.put(w1, module + ".router.0.weight");
      names.put(w2, module + ".router.2.weight");
    }
  }
}

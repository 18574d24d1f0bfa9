package dev.mor4j.benchmarks.peers;

import dev.mor4j.converter.source.CheckpointNames;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.StrictJson;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a model folder of ours, without a router, as a folder of Hugging Face's {@code
 * LlamaForCausalLM}: the same tensors under other names. The tokenizer is a made-up one, in which
 * token 17 reads {@code <17>}; benchmarks speak in ids.
 */
public final class HuggingFaceFolder {
  private HuggingFaceFolder() {}

  /** Writes {@code model} to the new folder {@code target}. */
  public static void write(Path model, Path target) throws IOException {
    ModelConfig config = ModelConfigJson.read(model.resolve(ModelConfigJson.FILE_NAME));
    if (!(config.routing() instanceof RoutingConfig.None)) {
      throw new IllegalArgumentException(model + " has a router, expected a dense model");
    }
    Files.createDirectory(target);
    SafetensorsFile weights = SafetensorsFile.open(model.resolve("model.safetensors"));
    Map<String, SafetensorsFile.Tensor> tensors = new LinkedHashMap<>();
    CheckpointNames.of(config)
        .forEach(
            (canonical, name) ->
                tensors.put(name, weights.tensors().get(config.storedName(canonical))));
    List<SafetensorsWriter.Entry> plan = new ArrayList<>();
    tensors.forEach(
        (name, tensor) ->
            plan.add(new SafetensorsWriter.Entry(name, tensor.dtype(), tensor.shape())));
    try (Arena arena = Arena.ofConfined();
        SafetensorsWriter writer =
            SafetensorsWriter.create(
                target.resolve("model.safetensors"), plan, Map.of("format", "pt"))) {
      MemorySegment file = weights.map(arena);
      for (SafetensorsWriter.Entry entry : plan) {
        SafetensorsFile.Tensor tensor = tensors.get(entry.name());
        writer.write(
            entry.name(),
            sink -> sink.write(file.asSlice(tensor.offset(), tensor.byteSize()).asByteBuffer()));
      }
      writer.finish();
    }
    StrictJson.write(settings(config.architecture()), target.resolve("config.json"));
    StrictJson.write(tokenizer(config.architecture()), target.resolve("tokenizer.json"));
  }

  private static Map<String, Object> settings(ArchitectureConfig a) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("architectures", List.of("LlamaForCausalLM"));
    settings.put("model_type", "llama");
    settings.put("hidden_size", a.hidden());
    settings.put("intermediate_size", a.intermediate());
    settings.put("num_attention_heads", a.heads());
    settings.put("num_key_value_heads", a.kvHeads());
    settings.put("head_dim", a.headDim());
    settings.put("num_hidden_layers", a.layers());
    settings.put("vocab_size", a.vocabulary());
    settings.put("max_position_embeddings", a.maxPositions());
    settings.put("rms_norm_eps", (double) a.rmsNormEps());
    settings.put("rope_theta", a.ropeTheta());
    settings.put("hidden_act", "silu");
    settings.put("tie_word_embeddings", a.tiedHead());
    settings.put("bos_token_id", a.vocabulary() - 1);
    settings.put("eos_token_id", a.vocabulary() - 1);
    return settings;
  }

  private static Map<String, Object> tokenizer(ArchitectureConfig a) {
    Map<String, Object> vocabulary = new LinkedHashMap<>();
    for (int id = 0; id < a.vocabulary(); id++) {
      vocabulary.put("<" + id + ">", (long) id);
    }
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("byte_fallback", false);
    model.put("fuse_unk", false);
    model.put("vocab", vocabulary);
    model.put("merges", List.of());
    Map<String, Object> tokenizer = new LinkedHashMap<>();
    tokenizer.put("version", "1.0");
    tokenizer.put("added_tokens", List.of());
    tokenizer.put("model", model);
    return tokenizer;
  }
}

package dev.mor4j.cli.doctor;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.MachineSpeed;
import dev.mor4j.runtime.MeasuredRate;
import dev.mor4j.runtime.ModelSpeed;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What a model reaches of what the machine can do, in words and as JSON. */
final class ModelFigures {
  private final ModelFacts model;
  private final ModelSpeed speed;
  private final double bytesPerToken;
  private final double bytesPerSecond;
  private final double flops;
  private final OptionalDouble bandwidthShare;
  private final OptionalDouble peakShare;

  ModelFigures(ModelFacts model, ModelSpeed speed, Optional<MachineSpeed> machine) {
    this.model = model;
    this.speed = speed;
    this.bytesPerToken = model.cost().decodeBytes(speed.decodeDepth());
    this.bytesPerSecond = bytesPerToken * speed.decodeRate().median();
    this.flops = model.cost().layerFlops(speed.prefillDepth()) * speed.prefillRate().median();
    this.bandwidthShare = share(bytesPerSecond, speed.bandwidth());
    this.peakShare = share(flops, machine.map(m -> m.peaks().get(model.types().products())));
  }

  private static OptionalDouble share(double part, Optional<MeasuredRate> all) {
    return all.isPresent() ? OptionalDouble.of(part / all.get().median()) : OptionalDouble.empty();
  }

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        Sizes.format(
            "  weights         layers %s, head %s; a token reads %s at depth %.2f",
            String.join(" and ", model.types().layers()),
            model.types().head(),
            Sizes.bytes(bytesPerToken),
            speed.decodeDepth()));
    lines.add(
        Sizes.format(
            "  decode          %.1f tokens/s (best %.1f), %d after a prompt of %d",
            speed.decodeRate().median(),
            speed.decodeRate().best(),
            speed.decodedTokens(),
            speed.promptTokens()));
    lines.add(
        Sizes.format(
            "                  reads weights at %.1f GB/s%s",
            bytesPerSecond / 1e9, bandwidthText()));
    lines.add(
        Sizes.format(
            "  prefill of %-4d %.1f tokens/s (best %.1f)",
            speed.prefillTokens(), speed.prefillRate().median(), speed.prefillRate().best()));
    lines.add(
        Sizes.format(
            "                  computes %.1f %s%s",
            flops / 1e9,
            unit(),
            peakShare.isEmpty()
                ? ""
                : Sizes.format(
                    ", %.0f %% of the peak of %s",
                    100 * peakShare.getAsDouble(), model.types().products().label())));
    return lines;
  }

  private String bandwidthText() {
    if (bandwidthShare.isEmpty()) {
      return "";
    }
    String text =
        Sizes.format(
            ", %.0f %% of the %.1f GB/s that memory gave meanwhile",
            100 * bandwidthShare.getAsDouble(), speed.bandwidth().orElseThrow().median() / 1e9);
    return bandwidthShare.getAsDouble() <= 1
        ? text
        : text + " (from the CPU's caches, or it was busy)";
  }

  private String unit() {
    return model.types().products().isInteger() ? "GOP/s" : "GFLOP/s";
  }

  /** For programs. */
  Map<String, Object> json() {
    Map<String, Object> decode = new LinkedHashMap<>();
    decode.put("prompt_tokens", speed.promptTokens());
    decode.put("tokens", speed.decodedTokens());
    decode.put("mean_depth", speed.decodeDepth());
    decode.put("tokens_per_second", DoctorReport.json(speed.decodeRate()));
    decode.put("weight_bytes_per_token", bytesPerToken);
    decode.put("weight_bytes_per_second", bytesPerSecond);
    decode.put("memory_bytes_per_second", DoctorReport.json(speed.bandwidth()));
    decode.put("share_of_bandwidth", number(bandwidthShare));
    Map<String, Object> prefill = new LinkedHashMap<>();
    prefill.put("tokens", speed.prefillTokens());
    prefill.put("mean_depth", speed.prefillDepth());
    prefill.put("tokens_per_second", DoctorReport.json(speed.prefillRate()));
    prefill.put("operations_per_second", flops);
    prefill.put("share_of_peak", number(peakShare));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("folder", model.folder().toString());
    json.put("layer_types", model.types().layers());
    json.put("head_type", model.types().head());
    json.put("products", model.types().products().label());
    json.put("unique_layer_bytes", model.cost().uniqueBytes());
    json.put("block_bytes", model.cost().blockBytes());
    json.put("head_bytes", model.cost().headBytes());
    json.put("decode", decode);
    json.put("prefill", prefill);
    return json;
  }

  private static Double number(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }
}

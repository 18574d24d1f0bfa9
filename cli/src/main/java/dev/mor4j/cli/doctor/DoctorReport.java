package dev.mor4j.cli.doctor;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CpuReport;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.MachineSpeed;
import dev.mor4j.runtime.MeasuredRate;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.ModelSpeed;
import dev.mor4j.runtime.ProductType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All that the doctor found, in words and as JSON.
 *
 * @param cuda what there is of CUDA
 * @param measured what the kernels could reach; empty where there is no native library
 * @param model the model that is asked about, if one is
 */
public record DoctorReport(
    MachineFacts machine,
    CpuReport cpu,
    CudaReport cuda,
    ModelOptions options,
    Optional<MachineSpeed> measured,
    Optional<ExaminedModel> model,
    List<Advice> advice) {
  /**
   * The model that is asked about.
   *
   * @param computedBy what computes it
   * @param facts what decides how fast it is
   * @param speed how fast it is
   */
  public record ExaminedModel(String computedBy, ModelFacts facts, ModelSpeed speed) {}

  /** For people. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("machine:  " + machineText());
    lines.add("JVM:      " + jvmText());
    lines.add("library:  " + (cpu.libraryAvailable() ? "" : "none: ") + cpu.library());
    lines.add(
        "features: "
            + (cpu.features().isEmpty()
                ? cpu.libraryAvailable() ? "none that mor4j asks for" : "unknown without library"
                : cpu.features().stream()
                    .map(CpuReport.Feature::label)
                    .collect(Collectors.joining(", "))));
    lines.add(
        Sizes.format(
            "kernels:  %s%s; here run %s",
            cpu.kernels().label(),
            cpu.kernels() == cpu.automatic()
                ? " (as auto picks)"
                : " (auto picks " + cpu.automatic().label() + ")",
            cpu.runnable().stream().map(KernelChoice::label).collect(Collectors.joining(", "))));
    lines.add("threads:  " + cpu.threads() + " (" + threadsReason() + ")");
    lines.addAll(new GpuFacts(cuda).lines());
    lines.add("");
    measuredLines(lines);
    if (model.isPresent()) {
      lines.add("");
      lines.add("Model " + model.get().facts().folder());
      lines.add("  computed by     " + model.get().computedBy());
      lines.addAll(figures(model.get()).lines());
    }
    lines.add("");
    if (advice.isEmpty()) {
      lines.add("To be faster: nothing found that is missing");
    } else {
      lines.add("To be faster");
      advice.forEach(each -> lines.add("  - " + each.line()));
    }
    return lines;
  }

  private ModelFigures figures(ExaminedModel one) {
    return new ModelFigures(one.facts(), one.speed(), held());
  }

  /** What the model's figures are held against: the CPU's are no measure of a GPU. */
  private Optional<MachineSpeed> held() {
    return options.backend() == BackendChoice.CPU ? measured : Optional.empty();
  }

  private String machineText() {
    String processors =
        machine.processors() == 0
            ? ""
            : Sizes.format(
                ", %d processors%s",
                machine.processors(),
                machine.cores() == 0 ? "" : Sizes.format(" on %d cores", machine.cores()));
    return machine.cpu() + processors + ", " + Sizes.bytes(machine.memoryBytes()) + " of memory";
  }

  private String jvmText() {
    return Sizes.format(
        "%s %s, sees %d processors, heap up to %s, native access %s",
        System.getProperty("java.vm.name"),
        Runtime.version(),
        cpu.processors(),
        Sizes.bytes(Runtime.getRuntime().maxMemory()),
        cpu.nativeAccess() ? "enabled" : "not enabled");
  }

  private String threadsReason() {
    if (cpu.kernels() == KernelChoice.JAVA) {
      return "plain Java computes on the caller's thread";
    }
    if (options.threads() != 0) {
      return "as --threads says";
    }
    return cpu.processors() > cpu.mostDefaultThreads()
        ? "the most that are used unasked"
        : "as many as the JVM sees processors";
  }

  private void measuredLines(List<String> lines) {
    if (measured.isEmpty()) {
      lines.add("Not measured: peaks and memory, for that needs the native library");
      return;
    }
    MachineSpeed rates = measured.get();
    lines.add(
        Sizes.format(
            "Measured with %s kernels: median (best of %d)",
            rates.kernels().label(), rates.allThreads().repeats()));
    rates
        .peaks()
        .forEach(
            (type, rate) ->
                lines.add(
                    rateLine(peakName(type, rates), rate, type.isInteger() ? "GOP/s" : "GFLOP/s")));
    lines.add(rateLine("memory, 1 thread", rates.oneThread(), "GB/s"));
    if (rates.threads() > 1) {
      lines.add(
          rateLine(
              Sizes.format("memory, %d threads", rates.threads()), rates.allThreads(), "GB/s"));
    }
  }

  private static String peakName(ProductType type, MachineSpeed rates) {
    return switch (type) {
      case F32 -> "float32";
      case BF16 ->
          rates.kernels() == KernelChoice.AVX512_BF16 ? "bfloat16 pairs" : "bfloat16 (float32)";
      case INT8, INT4 -> type.label();
    };
  }

  private static String rateLine(String name, MeasuredRate rate, String unit) {
    return Sizes.format(
        "  %-18s %9.1f %s (%.1f)", name, rate.median() / 1e9, unit, rate.best() / 1e9);
  }

  /** For programs. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("machine", machineJson());
    json.put("jvm", jvmJson());
    Map<String, Object> library = new LinkedHashMap<>();
    library.put("available", cpu.libraryAvailable());
    library.put("description", cpu.library());
    json.put("native_library", library);
    json.put("features", cpu.features().stream().map(CpuReport.Feature::label).toList());
    Map<String, Object> kernels = new LinkedHashMap<>();
    kernels.put("used", cpu.kernels().label());
    kernels.put("auto", cpu.automatic().label());
    kernels.put("runnable", cpu.runnable().stream().map(KernelChoice::label).toList());
    json.put("kernels", kernels);
    Map<String, Object> threads = new LinkedHashMap<>();
    threads.put("used", cpu.threads());
    threads.put("reason", threadsReason());
    json.put("threads", threads);
    json.put("gpu", new GpuFacts(cuda).json());
    json.put("backend", options.backend().label());
    json.put("computed_by", model.map(ExaminedModel::computedBy).orElse(null));
    json.put("kv_cache", options.kvCache().label());
    json.put("measured", measured.map(DoctorReport::json).orElse(null));
    json.put("model", model.map(one -> figures(one).json()).orElse(null));
    json.put("advice", advice.stream().map(DoctorReport::json).toList());
    return json;
  }

  private Map<String, Object> machineJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("cpu", machine.cpu());
    json.put("processors", machine.processors() == 0 ? null : machine.processors());
    json.put("cores", machine.cores() == 0 ? null : machine.cores());
    json.put("memory_bytes", machine.memoryBytes());
    json.put("os", System.getProperty("os.name"));
    json.put("arch", System.getProperty("os.arch"));
    return json;
  }

  private Map<String, Object> jvmJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", System.getProperty("java.vm.name"));
    json.put("version", Runtime.version().toString());
    json.put("processors", cpu.processors());
    json.put("max_heap_bytes", Runtime.getRuntime().maxMemory());
    json.put("native_access", cpu.nativeAccess());
    return json;
  }

  private static Map<String, Object> json(MachineSpeed rates) {
    Map<String, Object> peaks = new LinkedHashMap<>();
    rates.peaks().forEach((type, rate) -> peaks.put(type.label(), json(rate)));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kernels", rates.kernels().label());
    json.put("threads", rates.threads());
    json.put("peak_operations_per_second", peaks);
    json.put("memory_bytes_read", rates.memoryBytes());
    json.put("memory_bytes_per_second_one_thread", json(rates.oneThread()));
    json.put("memory_bytes_per_second", json(rates.allThreads()));
    return json;
  }

  private static Map<String, Object> json(Advice advice) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("fact", advice.fact());
    json.put("remedy", advice.remedy());
    return json;
  }

  /** A rate; null without one. */
  static Map<String, Object> json(Optional<MeasuredRate> rate) {
    return rate.map(DoctorReport::json).orElse(null);
  }

  static Map<String, Object> json(MeasuredRate rate) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("median", rate.median());
    json.put("best", rate.best());
    json.put("repeats", rate.repeats());
    return json;
  }
}

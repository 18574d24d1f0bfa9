package dev.mor4j.cli.doctor;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.CudaReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The GPUs, or what was tried to find them and why that failed, in words and as JSON.
 *
 * @param cuda what there is
 */
record GpuFacts(CudaReport cuda) {
  private static final String INDENT = " ".repeat(10);
  private static final int WIDTH = 100;

  /** Lines that a failure may take, and how many failures are shown: JSON has all of it. */
  private static final int LINES = 4;

  private static final int FAILURES = 4;

  /** For people. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (cuda.available()) {
      cuda.devices().forEach(device -> lines.add(INDENT + text(device)));
      lines.add(INDENT + versions());
      cuda.loaded().forEach(each -> lines.addAll(folded(each.file() + ": " + each.note())));
    } else {
      lines.add(INDENT + "none: " + obstacle());
      lines.add(INDENT + "driver: " + cuda.driver().orElse("none that the system tells of"));
      failures(lines);
    }
    if (!cuda.nativeAccess()) {
      lines.add(
          INDENT
              + "the JVM was not told --enable-native-access=dev.mor4j.bindings (on the class path:"
              + " ALL-UNNAMED)");
    }
    lines.set(0, "GPU:" + lines.getFirst().substring("GPU:".length()));
    return lines;
  }

  private static String text(CudaReport.Device device) {
    return device
        .problem()
        .map(problem -> Sizes.format("device %d: does not answer: %s", device.ordinal(), problem))
        .orElseGet(
            () ->
                Sizes.format(
                    "device %d: %s, compute capability %s, %d multiprocessors, %s of memory, %s free",
                    device.ordinal(),
                    device.name(),
                    device.computeCapability(),
                    device.multiprocessors(),
                    Sizes.bytes(device.totalBytes()),
                    Sizes.bytes(device.freeBytes())));
  }

  private String versions() {
    return (cuda.emulated() ? "emulated CUDA " : "CUDA ")
        + cuda.runtimeVersion().orElse("of unknown version")
        + cuda.driverVersion().map(version -> ", driver for " + version).orElse("");
  }

  private String obstacle() {
    return switch (cuda.obstacle().orElseThrow()) {
      case SWITCHED_OFF -> "CUDA is switched off";
      case LIBRARIES -> "CUDA's libraries (13 or newer) cannot be loaded";
      case DEVICE -> "CUDA finds no GPU, or no driver that is new enough";
      case KERNELS -> "mor4j's kernels for CUDA cannot be loaded";
    };
  }

  /** The last failures: those before are of files that others could stand in for. */
  private void failures(List<String> lines) {
    int left = Math.max(0, cuda.tried().size() - FAILURES);
    if (left > 0) {
      lines.add(INDENT + Sizes.format("tried %d files more, which --json lists", left));
    }
    cuda.tried().stream()
        .skip(left)
        .forEach(each -> lines.addAll(folded("tried " + each.file() + ": " + each.note())));
  }

  /** The text in lines of some width, broken between words; the middle of a long one left out. */
  static List<String> folded(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(INDENT);
    boolean begun = false;
    for (String word : text.split(" ", -1)) {
      if (begun && line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line = new StringBuilder(INDENT + "  ");
        begun = false;
      }
      line.append(begun ? " " : "").append(word);
      begun = true;
    }
    lines.add(line.toString());
    if (lines.size() <= LINES) {
      return lines;
    }
    List<String> shown = new ArrayList<>(lines.subList(0, LINES - 1));
    shown.add(
        INDENT + Sizes.format("  … %d lines more, which --json has", lines.size() - shown.size()));
    return shown;
  }

  /** For programs. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("available", cuda.available());
    json.put("emulated", cuda.emulated());
    json.put(
        "obstacle", cuda.obstacle().map(each -> each.name().toLowerCase(Locale.ROOT)).orElse(null));
    json.put("native_access", cuda.nativeAccess());
    json.put("driver", cuda.driver().orElse(null));
    json.put("driver_version", cuda.driverVersion().orElse(null));
    json.put("runtime_version", cuda.runtimeVersion().orElse(null));
    json.put("devices", cuda.devices().stream().map(GpuFacts::json).toList());
    json.put("loaded", libraries(cuda.loaded(), "found"));
    json.put("tried", libraries(cuda.tried(), "reason"));
    return json;
  }

  private static List<Map<String, String>> libraries(List<CudaReport.Library> all, String note) {
    return all.stream().map(each -> Map.of("file", each.file(), note, each.note())).toList();
  }

  private static Map<String, Object> json(CudaReport.Device device) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ordinal", device.ordinal());
    json.put("problem", device.problem().orElse(null));
    json.put("name", device.name());
    json.put("compute_capability", device.computeCapability());
    json.put("multiprocessors", device.multiprocessors());
    json.put("memory_bytes", device.totalBytes());
    json.put("free_bytes", device.freeBytes());
    return json;
  }
}

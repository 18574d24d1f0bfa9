package dev.mor4j.benchmarks.device;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaDevice;
import dev.mor4j.bindings.cuda.library.CudaLibraries;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the GPU, its driver and CUDA's libraries are; or why there is none. */
public final class DeviceFacts {
  /** Exit code where there is no GPU to use. */
  static final int NO_GPU = 3;

  private DeviceFacts() {}

  /**
   * Keys {@code gpu}, with what the first GPU is, and {@code reason}, why it is null; {@code cuda}
   * says what was loaded.
   */
  static Map<String, Object> read() {
    Map<String, Object> facts = new LinkedHashMap<>();
    CudaLibraries libraries = CudaLibraries.instance();
    if (!libraries.isAvailable()) {
      facts.put("gpu", null);
      facts.put("reason", libraries.description());
      return facts;
    }
    try (CudaContext context = new CudaContext(0)) {
      CudaDevice device = context.device();
      Map<String, Object> gpu = new LinkedHashMap<>();
      gpu.put("name", device.name());
      gpu.put("compute_capability", device.computeCapability());
      gpu.put("multiprocessors", device.multiprocessors());
      gpu.put("memory_bytes", device.totalBytes());
      gpu.put("free_bytes", context.freeBytes());
      gpu.put("emulated", libraries.isEmulated());
      facts.put("gpu", gpu);
      facts.put("cuda_driver", libraries.driverVersion());
      facts.put("cuda_runtime", libraries.runtimeVersion());
      facts.put("cuda", libraries.description());
    } catch (RuntimeException e) {
      // A device that does not answer is one that nothing can be measured on.
      facts.put("gpu", null);
      facts.put("reason", e.getMessage());
    }
    return facts;
  }

  static boolean hasGpu(Map<String, Object> facts) {
    return facts.get("gpu") != null;
  }

  /** Prints the facts, and writes them where a file is named; returns an exit code. */
  public static int report(List<String> file, PrintStream out) throws IOException {
    Map<String, Object> facts = read();
    byte[] json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(facts);
    if (!file.isEmpty()) {
      Files.write(Path.of(file.getFirst()), json);
    }
    facts.forEach((name, value) -> out.println("# " + name + ": " + value));
    return hasGpu(facts) ? 0 : NO_GPU;
  }
}

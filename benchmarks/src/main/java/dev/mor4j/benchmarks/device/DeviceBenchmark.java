package dev.mor4j.benchmarks.device;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Models with random weights on a GPU, in bfloat16: what its memory gives, what decoding, prompts
 * and serving reach, what is launched for it, what it takes of the device's memory and whether all
 * of that comes back.
 *
 * <pre>
 *   java -jar benchmarks.jar --device                       some minutes
 *   java -jar benchmarks.jar --device --json figures.json   options: {@link DeviceSettings#parse}
 *   java -jar benchmarks.jar --device --models ./my-model   a converted model of one's own
 *   java -Dmor4j.cuda.library=libmor4j_cuda_emulated.so -jar benchmarks.jar --device --tiny
 * </pre>
 */
public final class DeviceBenchmark {
  private static final int PASS_ROWS = 512;
  private static final int LEAK_PROMPT = 8;
  private static final int LEAK_TOKENS = 4;
  private static final List<OffHeapMemory.Use> ON_DEVICE =
      List.of(
          OffHeapMemory.Use.DEVICE_WEIGHTS,
          OffHeapMemory.Use.DEVICE_WORKSPACE,
          OffHeapMemory.Use.KV_POOL);

  private final DeviceSettings settings;
  private final DeviceFigures figures;

  private DeviceBenchmark(DeviceSettings settings, DeviceFigures figures) {
    this.settings = settings;
    this.figures = figures;
  }

  /** Measures; returns an exit code. */
  public static int run(List<String> arguments, PrintStream out)
      throws IOException, InterruptedException {
    DeviceSettings asked = DeviceSettings.parse(arguments);
    Map<String, Object> facts = DeviceFacts.read();
    facts.forEach((name, value) -> out.println("# " + name + ": " + value));
    if (!DeviceFacts.hasGpu(facts)) {
      return DeviceFacts.NO_GPU;
    }
    DeviceSettings settings = asked.fitting(freeBytes());
    out.println("# settings: " + settings);
    facts.put("settings", settings.toString());
    facts.put("seeds", Map.of("weights", BenchmarkModels.SEED, "prompts", Texts.SEED));
    measure(settings, new DeviceFigures(facts, settings.json(), out));
    return 0;
  }

  private static long freeBytes() {
    try (CudaContext context = new CudaContext(0)) {
      return context.freeBytes();
    }
  }

  /** Measures on the first GPU. */
  static void measure(DeviceSettings settings, DeviceFigures figures)
      throws IOException, InterruptedException {
    new DeviceBenchmark(settings, figures).measure();
  }

  private void measure() throws IOException, InterruptedException {
    double bandwidth = DeviceBandwidth.measure(settings.copyBytes());
    figures.add(
        "memory bandwidth",
        "",
        bandwidth / 1e9,
        "GB/s",
        "copies of " + (settings.copyBytes() >> 20) + " MiB, read and written bytes");
    Map<String, MorModel> models = new LinkedHashMap<>();
    try {
      for (String name : settings.models()) {
        Map<OffHeapMemory.Use, Long> before = bytes();
        measure(name, open(name, models), before, bandwidth);
      }
      new DeviceServing(models, settings, figures).measure();
      String last = settings.models().getLast();
      repeatSessions(last, models.get(last));
    } finally {
      models.values().forEach(MorModel::close);
    }
    long left = ON_DEVICE.stream().mapToLong(OffHeapMemory::bytes).sum();
    figures.addBytes("device memory after all models are closed", "", left, "");
  }

  private static MorModel open(String name, Map<String, MorModel> models) throws IOException {
    ModelOptions options =
        ModelOptions.defaults()
            .withBackend(BackendChoice.CUDA)
            .withDevice(DeviceOptions.defaults().withNumbers(DeviceOptions.Numbers.BF16))
            .withKvCache(KvCacheType.BF16)
            .withPassRows(PASS_ROWS);
    MorModel model =
        MorModel.open(BenchmarkModels.folder(name, BenchmarkModels.dtype(name, "bf16")), options);
    models.put(name, model);
    return model;
  }

  /**
   * @param before bytes in use before the model was opened
   */
  private void measure(
      String name, MorModel model, Map<OffHeapMemory.Use, Long> before, double bandwidth)
      throws IOException {
    new DeviceDecode(name, model, settings, figures, bandwidth).measure();
    Map<OffHeapMemory.Use, Long> after = bytes();
    for (OffHeapMemory.Use use : after.keySet()) {
      figures.addBytes(
          "device memory, " + use.toString().toLowerCase(Locale.ROOT),
          name,
          after.get(use) - before.get(use),
          "");
    }
  }

  private static Map<OffHeapMemory.Use, Long> bytes() {
    Map<OffHeapMemory.Use, Long> bytes = new LinkedHashMap<>();
    ON_DEVICE.forEach(use -> bytes.put(use, OffHeapMemory.bytes(use)));
    bytes.put(OffHeapMemory.Use.PINNED, OffHeapMemory.bytes(OffHeapMemory.Use.PINNED));
    return bytes;
  }

  /** Free memory of the device around sessions that are opened, used and closed. */
  private void repeatSessions(String name, MorModel model) throws IOException {
    Texts texts = Texts.of(model);
    try (CudaContext context = new CudaContext(0)) {
      // What the first sessions allocate stays for the next ones.
      int first = Math.max(1, settings.sessions() / 100);
      useSessions(first, model, texts);
      long before = context.freeBytes();
      long pages = OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT);
      long start = System.nanoTime();
      useSessions(settings.sessions(), model, texts);
      double seconds = (System.nanoTime() - start) / 1e9;
      String detail =
          settings.sessions()
              + " sessions, each a prompt of "
              + LEAK_PROMPT
              + " and "
              + LEAK_TOKENS
              + " tokens, after "
              + first
              + " that do not count";
      figures.addBytes("free device memory before sessions", name, before, detail);
      long after = context.freeBytes();
      figures.addBytes("free device memory after sessions", name, after, "");
      figures.addBytes("device memory lost by sessions", name, before - after, detail);
      figures.addBytes(
          "KV pages still lent",
          name,
          OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT) - pages,
          "");
      figures.add(
          "sessions opened and closed", name, settings.sessions() / seconds, "a second", "");
    }
  }

  private static void useSessions(int count, MorModel model, Texts texts) {
    GenerationOptions greedy = GenerationOptions.greedy().withMaxNewTokens(LEAK_TOKENS);
    for (int i = 0; i < count; i++) {
      try (MorSession session = model.newSession()) {
        session.generate(texts.next(LEAK_PROMPT), greedy, token -> {});
      }
    }
  }
}

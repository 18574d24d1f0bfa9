package dev.mor4j.cli.doctor;

import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CpuReport;
import dev.mor4j.runtime.CpuReport.Feature;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What would make mor4j faster, from facts alone. The order is that of what it may bring. */
public final class DoctorAdvice {
  /** Caches are worth shrinking where reading them takes this share of reading the weights. */
  private static final double NOTABLE_KV_SHARE = 0.1;

  /** int8 panels have 17 bytes for 16 numbers. */
  private static final double INT8_BYTES = 17 / 16.0;

  private final MachineFacts machine;
  private final CpuReport cpu;
  private final ModelOptions options;
  private final List<Advice> advice = new ArrayList<>();

  private DoctorAdvice(MachineFacts machine, CpuReport cpu, ModelOptions options) {
    this.machine = machine;
    this.cpu = cpu;
    this.options = options;
  }

  /**
   * What would make this machine faster, the most important first.
   *
   * @param model the model that is asked about, if one is
   */
  public static List<Advice> of(
      MachineFacts machine,
      CpuReport cpu,
      CudaReport cuda,
      ModelOptions options,
      Optional<ModelFacts> model) {
    DoctorAdvice doctor = new DoctorAdvice(machine, cpu, options);
    doctor.advice.addAll(GpuAdvice.of(cuda, options));
    if (options.backend() == BackendChoice.CUDA && cuda.available()) {
      model.ifPresent(doctor::weights);
    } else if (cpu.libraryAvailable()) {
      doctor.kernels();
      model.ifPresent(doctor::weights);
      doctor.threads();
      doctor.features();
    } else {
      doctor.library();
    }
    model.ifPresent(doctor::caches);
    doctor.processors();
    if (!cpu.nativeAccess()) {
      doctor.add(
          "the JVM was not told that mor4j may make native calls: it warns, and a later one will"
              + " refuse",
          "start it with --enable-native-access=dev.mor4j.bindings (on the class path:"
              + " ALL-UNNAMED)");
    }
    return List.copyOf(doctor.advice);
  }

  private void add(String fact, String remedy) {
    advice.add(new Advice(fact, remedy));
  }

  private void library() {
    String fact = "no native library, so plain Java computes, many times slower: " + cpu.library();
    if (cpu.namedLibrary().isPresent()) {
      add(
          fact,
          "unset the system property mor4j.native.library and the variable"
              + " MOR4J_NATIVE_LIBRARY, or let them name a library that was built for this"
              + " version");
    } else {
      add(
          fact,
          "build the kernels on this platform with mvn package (needs CMake and a C compiler),"
              + " or name a libmor4j that was built for it in MOR4J_NATIVE_LIBRARY");
    }
  }

  private void kernels() {
    if (cpu.kernels() != cpu.automatic()) {
      add(
          Sizes.format(
              "--kernels %s, and this machine runs %s",
              cpu.kernels().label(), cpu.automatic().label()),
          "leave --kernels out");
    }
    KernelChoice possible = possible(cpu.features());
    if (possible.compareTo(cpu.automatic()) < 0) {
      add(
          Sizes.format("the CPU could run %s kernels, and the library has none", possible.label()),
          "build it with a newer C compiler (GCC 10, Clang 9 or later)");
    }
  }

  /** The most able kernels that mor4j has for a CPU with these features; as in features.c. */
  private static KernelChoice possible(Set<Feature> features) {
    if (!features.containsAll(Set.of(Feature.AVX2, Feature.FMA))) {
      return KernelChoice.PORTABLE;
    }
    if (!features.contains(Feature.AVX512)) {
      return KernelChoice.AVX2;
    }
    if (!features.contains(Feature.AVX512_VNNI)) {
      return KernelChoice.AVX512;
    }
    return features.contains(Feature.AVX512_BF16)
        ? KernelChoice.AVX512_BF16
        : KernelChoice.AVX512_VNNI;
  }

  private void features() {
    Set<Feature> found = cpu.features();
    switch (possible(found)) {
      case PORTABLE ->
          add(
              "no AVX2 with FMA on this CPU: all products run on portable C",
              "use a CPU with AVX2 or, better, AVX-512; mor4j has no kernels for other vector units"
                  + " yet");
      case AVX2 ->
          add(
              "no AVX-512 on this CPU: float32 and bfloat16 products run on AVX2 in float32, int8"
                  + " and int4 products on AVX2 with several instructions for a dot product",
              "quantise the model, because memory limits decoding on any CPU; for faster prompts use a"
                  + " CPU with AVX-512");
      case AVX512 ->
          add(
              "no VNNI on this CPU: int8 and int4 products run on AVX-512 with several instructions"
                  + " for a dot product, bfloat16 ones in float32",
              "for faster prompts use a CPU with AVX-512 VNNI; decoding waits for memory either way");
      case AVX512_VNNI ->
          add(
              "no AVX-512 BF16 on this CPU: products with bfloat16 panels run in float32",
              "use int8 panels, which run on VNNI here: mor4j convert --quantize int8");
      default -> {}
    }
    if (found.contains(Feature.AVX_VNNI) && !found.contains(Feature.AVX512_VNNI)) {
      add(
          "the CPU has AVX-VNNI, for which this version has no kernels: int8 and int4 products run"
              + " on "
              + cpu.automatic().label(),
          "nothing to do here; a later version may use it");
    }
    if (found.contains(Feature.AMX_INT8) || found.contains(Feature.AMX_BF16)) {
      add(
          "the CPU has AMX, for which this version has no kernels: prompts run on "
              + cpu.automatic().label(),
          "nothing to do here; a later version may use it");
    }
  }

  private void threads() {
    if (cpu.kernels() == KernelChoice.JAVA) {
      return;
    }
    int threads = cpu.threads();
    if (threads > cpu.processors()) {
      add(
          Sizes.format("%d threads on %d processors take turns", threads, cpu.processors()),
          "--threads " + cpu.processors());
    } else if (threads < cpu.processors()) {
      boolean asked = options.threads() != 0;
      add(
          Sizes.format(
              "%d of %d processors compute%s",
              threads, cpu.processors(), asked ? "" : ", the most that are used unasked"),
          asked
              ? "leave --threads out, unless other programs need the rest"
              : Sizes.format(
                  "try --threads %d, and keep what is faster", Math.min(cpu.processors(), 256)));
    } else if (machine.cores() > 0 && threads > machine.cores()) {
      add(
          Sizes.format(
              "%d threads on %d cores: two on a core share its vector units",
              threads, machine.cores()),
          Sizes.format("try --threads %d, and keep what is faster", machine.cores()));
    }
  }

  private void processors() {
    if (machine.processors() > cpu.processors()) {
      add(
          Sizes.format(
              "the machine has %d processors, and the JVM sees %d",
              machine.processors(), cpu.processors()),
          "raise the limit of the container (docker run --cpus, resources.limits.cpu) or of"
              + " taskset, or drop -XX:ActiveProcessorCount");
    }
  }

  private void weights(ModelFacts model) {
    if (!model.types().rowMajor()) {
      return;
    }
    double bytes = model.cost().uniqueBytes() + model.cost().blockBytes();
    double numbers = model.cost().uniqueElements() + model.cost().blockElements();
    add(
        Sizes.format(
            "the matrices of the layers are row-major %s",
            String.join(" and ", model.types().layers())),
        Sizes.format(
            "mor4j convert %s FOLDER --quantize int8, and decoding reads about %.0f %% of their"
                + " bytes; mor4j compare shows what it costs",
            model.folder(), 100 * INT8_BYTES * numbers / bytes));
  }

  private void caches(ModelFacts model) {
    double full = model.kvBytesPerToken() * model.positions();
    double weights = model.cost().decodeBytes(1);
    if (options.kvCache() == KvCacheType.F32 && full > NOTABLE_KV_SHARE * weights) {
      add(
          Sizes.format(
              "float32 KV caches: at %d tokens decoding reads %s of them beside %s or more of"
                  + " weights",
              model.positions(), Sizes.bytes(full), Sizes.bytes(weights)),
          "use --kv-cache int8 for long texts, which takes about a quarter of that");
    }
  }
}

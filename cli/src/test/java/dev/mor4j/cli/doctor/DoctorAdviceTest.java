package dev.mor4j.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.CpuReport;
import dev.mor4j.runtime.CpuReport.Feature;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.ProductType;
import dev.mor4j.runtime.format.WeightCost;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Advice is a function of facts. */
class DoctorAdviceTest {
  private static final MachineFacts MACHINE = new MachineFacts("a CPU", 4, 4, 1L << 33);
  private static final CudaReport NO_CUDA =
      CudaReport.builder()
          .nativeAccess(true)
          .tried(List.of(new CudaReport.Library("libcudart.so.13", "in none of /usr/lib (system)")))
          .obstacle(Optional.of(CudaReport.Obstacle.LIBRARIES))
          .build();
  private static final ModelOptions OPTIONS = ModelOptions.defaults();
  private static final Set<Feature> ZEN4 =
      EnumSet.of(
          Feature.AVX2, Feature.FMA, Feature.AVX512, Feature.AVX512_VNNI, Feature.AVX512_BF16);

  private static CpuReport cpu(Set<Feature> features, KernelChoice automatic, int threads) {
    return cpu(features, automatic, automatic, 4, threads);
  }

  private static CpuReport cpu(
      Set<Feature> features,
      KernelChoice automatic,
      KernelChoice used,
      int processors,
      int threads) {
    return CpuReport.builder()
        .libraryAvailable(true)
        .library("packed linux-x86_64")
        .nativeAccess(true)
        .features(features)
        .runnable(EnumSet.range(automatic, KernelChoice.JAVA))
        .automatic(automatic)
        .kernels(used)
        .processors(processors)
        .threads(threads)
        .mostDefaultThreads(16)
        .build();
  }

  private static CpuReport withoutLibrary(Optional<String> named, boolean nativeAccess) {
    return CpuReport.builder()
        .library("not in the jar")
        .namedLibrary(named)
        .nativeAccess(nativeAccess)
        .runnable(Set.of(KernelChoice.JAVA))
        .automatic(KernelChoice.JAVA)
        .kernels(KernelChoice.JAVA)
        .processors(4)
        .threads(1)
        .mostDefaultThreads(16)
        .build();
  }

  private static ModelFacts model(String type, boolean rowMajor, int positions) {
    return new ModelFacts(
        Path.of("m"),
        new ModelFacts.Types(new TreeSet<>(Set.of(type)), type, rowMajor, ProductType.F32),
        new WeightCost(1000, 3000, 1000, 250, 750),
        positions,
        10);
  }

  private static List<String> advice(CpuReport cpu, ModelOptions options) {
    return lines(DoctorAdvice.of(MACHINE, cpu, NO_CUDA, options, Optional.empty()));
  }

  private static List<String> lines(List<Advice> advice) {
    return advice.stream().map(Advice::line).toList();
  }

  /** The one line of advice has all of {@code parts}. */
  private static void one(List<String> lines, String... parts) {
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst()).contains(parts);
  }

  private static final CpuReport BEST = cpu(ZEN4, KernelChoice.AVX512_BF16, 4);

  @Test
  void nothingWhereNothingIsMissing() {
    assertThat(advice(BEST, OPTIONS)).isEmpty();
    ModelFacts packed = model("INT8", false, 32);
    assertThat(DoctorAdvice.of(MACHINE, BEST, NO_CUDA, OPTIONS, Optional.of(packed))).isEmpty();
  }

  @Test
  void aMissingLibraryIsAllThatCounts() {
    one(advice(withoutLibrary(Optional.empty(), true), OPTIONS), "not in the jar", "CMake");
    one(advice(withoutLibrary(Optional.of("none"), true), OPTIONS), "unset", "MOR4J_NATIVE");
    List<String> denied = advice(withoutLibrary(Optional.empty(), false), OPTIONS);
    assertThat(denied).hasSize(2);
    assertThat(denied.getLast()).contains("--enable-native-access=dev.mor4j.bindings");
    Optional<ModelFacts> model = Optional.of(model("F32", true, 32));
    one(
        lines(
            DoctorAdvice.of(
                MACHINE, withoutLibrary(Optional.empty(), true), NO_CUDA, OPTIONS, model)),
        "plain Java");
  }

  @Test
  void missingFeaturesSayWhatRunsInstead() {
    one(advice(cpu(Set.of(), KernelChoice.PORTABLE, 4), OPTIONS), "no AVX2", "portable C");
    Set<Feature> avx2 = EnumSet.of(Feature.AVX2, Feature.FMA);
    one(advice(cpu(avx2, KernelChoice.AVX2, 4), OPTIONS), "no AVX-512", "run on AVX2");
    Set<Feature> avx512 = EnumSet.of(Feature.AVX2, Feature.FMA, Feature.AVX512);
    one(advice(cpu(avx512, KernelChoice.AVX512, 4), OPTIONS), "no VNNI", "run on AVX-512");
    Set<Feature> vnni = EnumSet.copyOf(avx512);
    vnni.add(Feature.AVX512_VNNI);
    one(advice(cpu(vnni, KernelChoice.AVX512_VNNI, 4), OPTIONS), "BF16", "--quantize int8");
  }

  @Test
  void featuresWithoutKernelsAreNamed() {
    Set<Feature> client = EnumSet.of(Feature.AVX2, Feature.FMA, Feature.AVX_VNNI);
    assertThat(advice(cpu(client, KernelChoice.AVX2, 4), OPTIONS))
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("AVX-VNNI", "no kernels"));
    Set<Feature> server = EnumSet.allOf(Feature.class);
    one(advice(cpu(server, KernelChoice.AVX512_BF16, 4), OPTIONS), "AMX", "no kernels");
    one(advice(cpu(ZEN4, KernelChoice.AVX512_VNNI, 4), OPTIONS), "library has none", "compiler");
  }

  @Test
  void optionsThatSlowDownAreNamed() {
    CpuReport avx2 = cpu(ZEN4, KernelChoice.AVX512_BF16, KernelChoice.AVX2, 4, 4);
    one(advice(avx2, OPTIONS.withKernels(KernelChoice.AVX2)), "--kernels avx2", "avx512-bf16");
    CpuReport java = cpu(ZEN4, KernelChoice.AVX512_BF16, KernelChoice.JAVA, 4, 1);
    one(advice(java, OPTIONS.withKernels(KernelChoice.JAVA)), "--kernels java");
    CpuReport few = cpu(ZEN4, KernelChoice.AVX512_BF16, 1);
    one(advice(few, OPTIONS.withThreads(1)), "1 of 4 processors", "leave --threads out");
    CpuReport many = cpu(ZEN4, KernelChoice.AVX512_BF16, 9);
    one(advice(many, OPTIONS.withThreads(9)), "take turns", "--threads 4");
  }

  @Test
  void processorsAndCores() {
    KernelChoice best = KernelChoice.AVX512_BF16;
    MachineFacts large = new MachineFacts("a CPU", 64, 64, 1L << 40);
    one(
        lines(DoctorAdvice.of(large, BEST, NO_CUDA, OPTIONS, Optional.empty())),
        "64 processors",
        "sees 4");
    CpuReport capped = cpu(ZEN4, best, best, 64, 16);
    one(
        lines(DoctorAdvice.of(large, capped, NO_CUDA, OPTIONS, Optional.empty())),
        "16 of 64 processors",
        "unasked",
        "--threads 64");
    MachineFacts twins = new MachineFacts("a CPU", 4, 2, 1L << 33);
    one(
        lines(DoctorAdvice.of(twins, BEST, NO_CUDA, OPTIONS, Optional.empty())),
        "4 threads on 2 cores",
        "--threads 2");
    MachineFacts unknown = new MachineFacts("a CPU", 0, 0, 1L << 33);
    assertThat(DoctorAdvice.of(unknown, BEST, NO_CUDA, OPTIONS, Optional.empty())).isEmpty();
  }

  @Test
  void weightsAndCaches() {
    Optional<ModelFacts> rowMajor = Optional.of(model("F32", true, 32));
    one(
        lines(DoctorAdvice.of(MACHINE, BEST, NO_CUDA, OPTIONS, rowMajor)),
        "row-major F32",
        "mor4j convert m FOLDER --quantize int8",
        "27 %");
    Optional<ModelFacts> longTexts = Optional.of(model("INT8", false, 4096));
    one(
        lines(DoctorAdvice.of(MACHINE, BEST, NO_CUDA, OPTIONS, longTexts)),
        "4096",
        "--kv-cache int8");
    ModelOptions int8 = OPTIONS.withKvCache(KvCacheType.INT8);
    assertThat(DoctorAdvice.of(MACHINE, BEST, NO_CUDA, int8, longTexts)).isEmpty();
  }

  @Test
  void readsWhatLinuxTells() {
    String twoOnACore =
        """
        processor\t: 0
        model name\t: Some CPU @ 2 GHz
        physical id\t: 0
        core id\t\t: 0

        processor\t: 1
        model name\t: Some CPU @ 2 GHz
        physical id\t: 0
        core id\t\t: 0
        """;
    assertThat(MachineFacts.of(twoOnACore.lines().toList(), 5))
        .isEqualTo(new MachineFacts("Some CPU @ 2 GHz", 2, 1, 5));
    assertThat(MachineFacts.of(List.of(), 5))
        .isEqualTo(new MachineFacts(System.getProperty("os.arch"), 0, 0, 5));
    MachineFacts here = MachineFacts.read();
    assertThat(here.memoryBytes()).isPositive();
    assertThat(here.cpu()).isNotBlank();
  }
}

package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every golden and the trained checkpoint, through the converter and every kind of kernels, against
 * what the authors' code computes from them.
 */
class GoldensTest {
  private static final double TOLERANCE = 1e-3;

  @TempDir static Path converted;

  /** Reported apart: the one whose unbounded weights amplify rounding, and the trained one. */
  private static final Set<String> APART = Set.of("expert-n3-nofunc", "mor3-books");

  private static final Map<KernelChoice, Map<String, Double>> LARGEST =
      new EnumMap<>(KernelChoice.class);
  private static final Map<Path, Path> MODELS = new HashMap<>();

  static List<Arguments> goldensAndKernels() throws IOException {
    List<Arguments> all = new ArrayList<>();
    for (Path golden : Checkpoints.all()) {
      for (KernelChoice kernels : KernelChoice.values()) {
        if (kernels != KernelChoice.AUTO) {
          all.add(Arguments.of(golden.getFileName().toString(), kernels, golden));
        }
      }
    }
    return all;
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("goldensAndKernels")
  void computesWhatTheAuthorsCodeComputes(String name, KernelChoice kernels, Path golden)
      throws IOException {
    assumeThat(MorModel.runnableKernels())
        .as(
            "this machine runs %s kernels (else: no native library, or a CPU without them)",
            kernels)
        .contains(kernels);
    try (MorModel model =
        MorModel.open(converted(golden), ModelOptions.defaults().withKernels(kernels))) {
      Path expected = golden.resolve("expected.safetensors");
      List<Verification> verifications = Verification.run(model, expected, TOLERANCE);
      assertThat(verifications).isNotEmpty();
      for (Verification one : verifications) {
        collect(kernels, name, one.largestDifference());
        assertThat(one.passed()).as("%s", one).isTrue();
        assertThat(one.largestDifference()).isLessThanOrEqualTo(TOLERANCE);
        assertThat(one.differentDecisions()).isZero();
      }
      if (name.startsWith("expert") || name.startsWith("mor3")) {
        assertThat(verifications).extracting(Verification::mode).contains(RoutingMode.TOP_K);
        assertThat(verifications).allSatisfy(v -> assertThat(v.decisions()).isPositive());
      }
    }
  }

  @Test
  void noGoldenIsLeftOut() throws IOException {
    assertThat(Checkpoints.all()).hasSize(36);
    for (Path golden : Checkpoints.all()) {
      assertThat(golden.resolve("expected.safetensors")).isRegularFile();
    }
  }

  /** Converts a golden the first time that it is asked for. */
  private static Path converted(Path golden) throws IOException {
    Optional<Path> known = Optional.ofNullable(MODELS.get(golden));
    if (known.isPresent()) {
      return known.get();
    }
    Path folder = converted.resolve(golden.getFileName());
    CheckpointConverter.convert(golden, folder, ConversionOptions.DEFAULT);
    MODELS.put(golden, folder);
    return folder;
  }

  private static void collect(KernelChoice kernels, String name, double difference) {
    LARGEST
        .computeIfAbsent(kernels, key -> new TreeMap<>())
        .merge(APART.contains(name) ? name : "all others", difference, Math::max);
  }

  @AfterAll
  static void show() throws IOException {
    StringBuilder lines = new StringBuilder();
    LARGEST.forEach(
        (kernels, largest) ->
            largest.forEach(
                (name, difference) ->
                    lines.append(
                        String.format(
                            Locale.ROOT,
                            "largest logit difference, %s, %s: %.2e%n",
                            kernels.label(),
                            name,
                            difference))));
    Path report = Path.of("target", "goldens.txt");
    Files.createDirectories(report.getParent());
    Files.writeString(report, lines);
    System.out.print(lines);
    MODELS.clear();
  }
}

package dev.mor4j.benchmarks.device;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.converter.verify.ExpectedOutputs;
import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Checkpoints with the outputs of the authors' code, on a device: float32 within {@value
 * #TOLERANCE} and with the same routing decisions, bfloat16 near it where the tokens go the same
 * way.
 *
 * <pre>
 *   java -jar benchmarks.jar --device-goldens goldens.json testdata/goldens/expert-n3 checkpoints/mor3-books
 * </pre>
 */
public final class DeviceGoldens {
  /** Largest difference of a logit in float32. */
  static final double TOLERANCE = 1e-3;

  /** ‖found − expected‖ ÷ ‖expected‖ of logits in bfloat16, before a token goes another way. */
  static final double TOLERANCE_BF16 = 0.04;

  /**
   * What one checkpoint gave.
   *
   * @param name name of its folder
   * @param numbers f32 or bf16
   * @param difference largest difference of a logit, or in bfloat16 the relative one of all
   * @param tolerance what passes
   * @param outcomes how many are as expected
   * @param passed whether it is within the tolerance
   * @param problem why nothing could be compared; empty otherwise
   */
  record Result(
      String name,
      String numbers,
      double difference,
      double tolerance,
      @JsonUnwrapped Outcomes outcomes,
      boolean passed,
      String problem) {}

  /**
   * What was compared besides numbers.
   *
   * @param decisions routing decisions, or in bfloat16 texts
   * @param different how many are not as expected
   */
  record Outcomes(long decisions, long different) {}

  private DeviceGoldens() {}

  /**
   * Compares the checkpoints in {@code arguments}; the first one is the file for the results.
   * Returns an exit code.
   */
  public static int run(List<String> arguments, PrintStream out) throws IOException {
    Map<String, Object> facts = DeviceFacts.read();
    if (!DeviceFacts.hasGpu(facts)) {
      out.println("# no GPU: " + facts.get("reason"));
      return DeviceFacts.NO_GPU;
    }
    List<Result> results = new ArrayList<>();
    for (String folder : arguments.subList(1, arguments.size())) {
      for (Result result : compare(Path.of(folder))) {
        results.add(result);
        out.printf(
            Locale.ROOT,
            "%-30s %-4s difference %.2e (tolerance %.0e), %d of %d differ: %s%n",
            result.name(),
            result.numbers(),
            result.difference(),
            result.tolerance(),
            result.outcomes().different(),
            result.outcomes().decisions(),
            result.passed() ? "ok" : "FAILED " + result.problem());
      }
      Files.write(
          Path.of(arguments.getFirst()),
          new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(results));
    }
    return !results.isEmpty() && results.stream().allMatch(Result::passed) ? 0 : 1;
  }

  /** One checkpoint in float32 and in bfloat16; a failure of one does not stop the others. */
  static List<Result> compare(Path checkpoint) throws IOException {
    String name = checkpoint.toAbsolutePath().normalize().getFileName().toString();
    List<Result> results = new ArrayList<>();
    Path temporary = Files.createTempDirectory("golden");
    try {
      Path folder = temporary.resolve("model");
      CheckpointConverter.convert(checkpoint, folder, ConversionOptions.DEFAULT);
      Path expected = checkpoint.resolve("expected.safetensors");
      for (DeviceOptions.Numbers numbers :
          List.of(DeviceOptions.Numbers.F32, DeviceOptions.Numbers.BF16)) {
        try (MorModel model = MorModel.open(folder, options(numbers))) {
          results.add(
              numbers == DeviceOptions.Numbers.F32
                  ? exact(name, model, expected)
                  : near(name, model, expected));
        } catch (RuntimeException e) {
          results.add(
              new Result(
                  name,
                  label(numbers),
                  Double.NaN,
                  Double.NaN,
                  new Outcomes(0, 0),
                  false,
                  e.toString()));
        }
      }
    } finally {
      BenchmarkModels.delete(temporary);
    }
    return results;
  }

  private static String label(DeviceOptions.Numbers numbers) {
    return numbers.toString().toLowerCase(Locale.ROOT);
  }

  private static ModelOptions options(DeviceOptions.Numbers numbers) {
    return ModelOptions.defaults()
        .withBackend(BackendChoice.CUDA)
        .withDevice(DeviceOptions.defaults().withNumbers(numbers));
  }

  private static Result exact(String name, MorModel model, Path expected) throws IOException {
    double largest = 0;
    long decisions = 0;
    long different = 0;
    boolean passed = true;
    for (Verification one : Verification.run(model, expected, TOLERANCE)) {
      passed &= one.passed();
      largest = one.largestDifference() <= largest ? largest : one.largestDifference();
      decisions += one.decisions();
      different += one.differentDecisions();
    }
    Outcomes outcomes = new Outcomes(decisions, different);
    return new Result(name, "f32", largest, TOLERANCE, outcomes, passed, "");
  }

  /** Logits up to the first token that another recursion was decided for. */
  private static Result near(String name, MorModel model, Path file) throws IOException {
    try (ExpectedOutputs expected = ExpectedOutputs.open(file, model.config())) {
      RoutingMode mode =
          expected.modes().contains(RoutingMode.THRESHOLD)
              ? RoutingMode.THRESHOLD
              : RoutingMode.TOP_K;
      int vocabulary = model.config().architecture().vocabulary();
      double differences = 0;
      double sizes = 0;
      int otherWays = 0;
      for (int row = 0; row < expected.batch(); row++) {
        float[] found = new float[expected.tokens() * vocabulary];
        int[] depths =
            model.score(
                expected.inputIds(row),
                mode,
                SessionOptions.defaults(),
                (first, count, logits) ->
                    System.arraycopy(logits, 0, found, first * vocabulary, count * vocabulary));
        int same = sameWay(expected, mode, row, depths);
        otherWays += same < depths.length ? 1 : 0;
        for (int i = 0; i < same * vocabulary; i++) {
          float wanted = expected.logit(mode, row, i / vocabulary, i % vocabulary);
          differences += Math.pow((double) found[i] - wanted, 2);
          sizes += Math.pow(wanted, 2);
        }
      }
      double relative = Math.sqrt(differences / sizes);
      // Not a number where nothing was compared, which must not pass.
      boolean passed = relative <= TOLERANCE_BF16;
      Outcomes outcomes = new Outcomes(expected.batch(), otherWays);
      return new Result(name, "bf16", relative, TOLERANCE_BF16, outcomes, passed, "");
    }
  }

  /** Tokens before the first one whose decisions are not as expected. */
  private static int sameWay(ExpectedOutputs expected, RoutingMode mode, int row, int[] depths) {
    for (int t = 0; t < depths.length; t++) {
      for (int r = 0; r < expected.recordedRecursions(mode); r++) {
        if (depths[t] > r != expected.isActive(mode, row, t, r)) {
          return t;
        }
      }
    }
    return depths.length;
  }
}

package dev.mor4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.benchmarks.compare.BatchingComparison;
import dev.mor4j.benchmarks.compare.KvComparison;
import dev.mor4j.benchmarks.run.DecodeBenchmark;
import dev.mor4j.benchmarks.run.EngineBenchmark;
import dev.mor4j.benchmarks.run.PrefillBenchmark;
import dev.mor4j.benchmarks.run.SchedulerBenchmark;
import dev.mor4j.benchmarks.run.StepBenchmark;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.FiguresProfiler;
import dev.mor4j.benchmarks.setup.FiguresTable;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs and yields its figures; how fast is no matter here. */
class BenchmarksSmokeTest {
  @TempDir Path models;

  @BeforeEach
  void nameModels() {
    System.setProperty(BenchmarkModels.MODELS, models.toString());
  }

  @AfterEach
  void forgetModels() {
    System.clearProperty(BenchmarkModels.MODELS);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        DecodeBenchmark.class,
        PrefillBenchmark.class,
        StepBenchmark.class,
        EngineBenchmark.class
      })
  void yieldsFigures(Class<?> benchmark) throws RunnerException {
    Collection<RunResult> results = runOnce(benchmark, BenchmarkModels.TINY);

    assertThat(results).hasSize(benchmark == PrefillBenchmark.class ? 3 : 1);
    for (RunResult result : results) {
      assertThat(result.getPrimaryResult().getScore()).isPositive();
      assertThat(figure(result, FiguresProfiler.DEPTH)).isBetween(1.0, 3.0);
      assertThat(figure(result, FiguresProfiler.KV)).isPositive();
      assertThat(figure(result, FiguresProfiler.WORK)).isPositive();
      assertThat(figure(result, FiguresProfiler.WEIGHTS)).isPositive();
    }
    ByteArrayOutputStream table = new ByteArrayOutputStream();
    FiguresTable.print(results, new PrintStream(table, true, StandardCharsets.UTF_8));
    assertThat(table.toString(StandardCharsets.UTF_8)).contains("tiny").doesNotContain("null");
  }

  /** Long prompts of evenly drawn tokens have the depths that the capacities 1, 2/3, 1/3 say. */
  @Test
  void spreadsDepthsAsCapacitiesSay() throws RunnerException {
    RunResult longest =
        runOnce(PrefillBenchmark.class, BenchmarkModels.TINY).stream()
            .filter(result -> result.getParams().getBenchmark().endsWith("tokens512"))
            .findFirst()
            .orElseThrow();

    assertThat(figure(longest, FiguresProfiler.DEPTH)).isBetween(1.85, 2.15);
  }

  @Test
  void schedulesWithoutModel() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(SchedulerBenchmark.class.getName())
                    .param("sequences", "3")
                    .param("context", "32")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(1))
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();

    assertThat(results).hasSize(1);
    assertThat(results.iterator().next().getPrimaryResult().getScore()).isPositive();
    ByteArrayOutputStream table = new ByteArrayOutputStream();
    FiguresTable.print(results, new PrintStream(table, true, StandardCharsets.UTF_8));
    assertThat(table.toString(StandardCharsets.UTF_8)).doesNotContain("null");
  }

  /** A folder that the user names is measured as it is, to the full length of a text. */
  @Test
  void measuresAFolder() throws Exception {
    Path mine = BenchmarkModels.folder(BenchmarkModels.TINY, "f32");
    Path ends = models.resolve("mine");
    Files.createDirectory(ends);
    String weights = "model.safetensors";
    Files.createLink(ends.resolve(weights), mine.resolve(weights));
    String settings = Files.readString(mine.resolve(ModelConfigJson.FILE_NAME));
    String everyToken =
        IntStream.range(1, 256).mapToObj(String::valueOf).collect(Collectors.joining(","));
    String ended =
        settings.replaceFirst(
            "\"eos_token_ids\"\\s*:\\s*\\[[^]]*]", "\"eos_token_ids\": [" + everyToken + "]");
    assertThat(ended).isNotEqualTo(settings);
    Files.writeString(ends.resolve(ModelConfigJson.FILE_NAME), ended);

    Path linked = BenchmarkModels.folder(ends.toString(), BenchmarkModels.STORED);
    ModelConfig config = ModelConfigJson.read(linked.resolve(ModelConfigJson.FILE_NAME));
    assertThat(config.architecture().eosTokenIds()).isEmpty();
    assertThat(Files.isSameFile(linked.resolve(weights), mine.resolve(weights))).isTrue();
    Collection<RunResult> results =
        runOnce(DecodeBenchmark.class, ends.toString(), BenchmarkModels.STORED);
    assertThat(results).hasSize(1);
    RunResult result = results.iterator().next();
    assertThat(result.getPrimaryResult().getScore()).isPositive();
    assertThat(figure(result, FiguresProfiler.DEPTH)).isBetween(1.0, 3.0);

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String models = ends + "," + BenchmarkModels.TINY_VANILLA;
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    KvComparison.run(
        new CommandLineOptions("-p", "model=" + models, "-p", "context=128", "-p", "budget=1"),
        print);
    Path vanilla = BenchmarkModels.folder(BenchmarkModels.TINY_VANILLA, "f32");
    String named = "model=" + vanilla;
    BatchingComparison.run(
        new CommandLineOptions("-p", named, "-p", "sequences=2", "-f", "1", "-r", "50ms"), print);
    String text = out.toString(StandardCharsets.UTF_8);
    assertThat(text)
        .contains("tiny-vanilla ÷ " + ends + ": bytes held ")
        .contains("# " + vanilla + ", stored, 2 sequences", "# round 1: " + vanilla);
  }

  private static Collection<RunResult> runOnce(Class<?> benchmark, String model)
      throws RunnerException {
    return runOnce(benchmark, model, "bf16");
  }

  private static Collection<RunResult> runOnce(Class<?> benchmark, String model, String dtype)
      throws RunnerException {
    return new Runner(
            new OptionsBuilder()
                .include(benchmark.getName())
                .param("model", model)
                .param("dtype", dtype)
                .param("context", "32")
                .param("batch", "3")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1))
                .verbosity(VerboseMode.SILENT)
                .addProfiler(FiguresProfiler.class)
                .build())
        .run();
  }

  private static double figure(RunResult result, String label) {
    return result.getSecondaryResults().get(label).getScore();
  }
}

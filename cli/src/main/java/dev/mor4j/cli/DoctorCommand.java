package dev.mor4j.cli;

import dev.mor4j.cli.doctor.Advice;
import dev.mor4j.cli.doctor.DoctorAdvice;
import dev.mor4j.cli.doctor.DoctorReport;
import dev.mor4j.cli.doctor.MachineFacts;
import dev.mor4j.cli.doctor.ModelFacts;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CpuReport;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.MachineProbe;
import dev.mor4j.runtime.MachineSpeed;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.ModelProbe;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j doctor}: what this machine runs, how fast, and what is missing to be faster. */
@CommandLine.Command(
    name = "doctor",
    header = "Says what computes on this machine, how fast, and what is missing to be faster.",
    description = {
      "Shows the CPU, the kernels and threads in use, and the GPUs, or why none can be used."
          + " Measures the multiply-adds and the memory of the CPU and, with a model, how much of"
          + " them decoding and prompts reach. This takes some seconds, and other programs that run"
          + " at the same time lower the figures.",
      "The exit code is 0 even where things could be faster."
    },
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
  private static final long BYTES = 256L << 20;
  private static final long QUICK_BYTES = 128L << 20;
  private static final int REPEATS = 9;
  private static final int QUICK_REPEATS = 3;
  private static final int ROUNDS = 5;
  private static final int QUICK_ROUNDS = 2;

  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The folder of a converted model.")
  Path folder;

  @CommandLine.Mixin ModelArguments.KernelOptions kernels;

  @CommandLine.Option(names = "--quick", description = "Measure less often.")
  boolean quick;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin CommonOptions common;

  DoctorCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ModelOptions options = kernels.optionsOfMachine();
    DoctorReport report;
    if (folder == null) {
      report = examine(options, Optional.empty());
    } else {
      try (MorModel model = ModelArguments.open(folder, options)) {
        report = examine(options, Optional.of(model));
      } catch (NonFiniteLogitsException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
    if (json.wanted) {
      Json.write(report.json(), terminal.out());
    } else {
      report.lines().forEach(terminal.out()::println);
    }
    return ExitCode.SUCCESS;
  }

  private DoctorReport examine(ModelOptions options, Optional<MorModel> model) throws IOException {
    MachineFacts machine = MachineFacts.read();
    CpuReport cpu = cpu(options);
    CudaReport cuda = CudaReport.read();
    requireDevice(options, cuda);
    Optional<ModelFacts> facts =
        model.isPresent() ? Optional.of(ModelFacts.of(model.get())) : Optional.empty();
    List<Advice> advice = DoctorAdvice.of(machine, cpu, cuda, options, facts);
    int repeats = quick ? QUICK_REPEATS : REPEATS;
    long bytes = quick ? QUICK_BYTES : BYTES;
    // Without a native library there is nothing to measure with, and nothing to close.
    try (MachineProbe opened = MachineProbe.open(options, bytes).orElse(null)) {
      Optional<MachineProbe> probe = Optional.ofNullable(opened);
      Optional<MachineSpeed> measured = probe.map(p -> p.measure(repeats));
      int rounds = quick ? QUICK_ROUNDS : ROUNDS;
      Optional<DoctorReport.ExaminedModel> examined =
          model.map(
              m ->
                  new DoctorReport.ExaminedModel(
                      m.backendDescription(),
                      facts.orElseThrow(),
                      ModelProbe.measure(m, bandwidth(options, probe), rounds)));
      return new DoctorReport(machine, cpu, cuda, options, measured, examined, advice);
    }
  }

  /** What measures the memory that the model's weights are read from; nothing does a GPU's. */
  private static Optional<MachineProbe> bandwidth(
      ModelOptions options, Optional<MachineProbe> probe) {
    return options.backend() == BackendChoice.CPU ? probe : Optional.empty();
  }

  /** Without a GPU the doctor says why; of one that is not among those there it says nothing. */
  private static void requireDevice(ModelOptions options, CudaReport cuda) {
    int ordinal = options.device().ordinal();
    if (options.backend() == BackendChoice.CUDA
        && cuda.available()
        && cuda.device(ordinal).isEmpty()) {
      throw new UsageException(
          "--device is " + ordinal + ", expected 0 to " + (cuda.devices().size() - 1));
    }
  }

  private static CpuReport cpu(ModelOptions options) {
    try {
      return CpuReport.of(options);
    } catch (IllegalStateException e) {
      // The machine has no library for the kernels asked for.
      throw new UsageException(e.getMessage());
    }
  }
}

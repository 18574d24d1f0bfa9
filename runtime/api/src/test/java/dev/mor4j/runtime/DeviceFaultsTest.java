package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.testing.EmulatedGpu;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every call to CUDA's libraries, and every kernel, fails in the life of a model on the emulated
 * device: once, or from there on for ever. An exception says which and why, everything is closed
 * without another one, and nothing is left of it. Of the calls of one function the first, second,
 * fourth, eighth, .. are tried; all of them with {@code -Dtest.deviceFaults=all}.
 */
@Timeout(600)
class DeviceFaultsTest {
  private static final boolean ALL = "all".equals(System.getProperty("test.deviceFaults"));
  private static final ModelOptions CUDA =
      ModelOptions.defaults()
          .withBackend(BackendChoice.CUDA)
          .withPassRows(32)
          .withDevice(DeviceOptions.defaults().withNumbers(DeviceOptions.Numbers.F32));
  private static final EngineOptions ROOM =
      EngineOptions.defaults().withMaxSequences(2).withStepTokens(32).withKvBytes(1 << 20);
  private static final GenerationOptions SHORT =
      GenerationOptions.greedy().withMaxNewTokens(3).withSeed(3);

  private static final Set<String> MEMORY = Set.of("cudaMalloc", "cudaHostAlloc");
  private static final Set<String> ALLOCATING =
      Set.of(
          "cudaMalloc",
          "cudaHostAlloc",
          "cudaStreamCreateWithFlags",
          "cudaEventCreateWithFlags",
          "cudaGraphInstantiate",
          "cublasLtCreate",
          "cublasLtMatmulDescCreate",
          "cublasLtMatrixLayoutCreate",
          "cublasLtMatmulPreferenceCreate");

  /** What gives something back, so that the device keeps it where the call does nothing. */
  private static final Set<String> FREEING =
      Set.of(
          "cudaFree",
          "cudaFreeHost",
          "cudaStreamDestroy",
          "cudaEventDestroy",
          "cudaGraphDestroy",
          "cudaGraphExecDestroy",
          "cudaStreamEndCapture");

  /** What closing does beside that. */
  private static final Set<String> CLOSING = new TreeSet<>(FREEING);

  static {
    CLOSING.addAll(
        List.of(
            "cublasDestroy_v2",
            "cublasLtDestroy",
            "cublasLtMatmulDescDestroy",
            "cublasLtMatrixLayoutDestroy",
            "cudaEventSynchronize",
            "cudaStreamSynchronize"));
  }

  @TempDir Path dir;
  private Path folder;

  @BeforeEach
  void write() throws IOException {
    CudaReport report = CudaReport.read();
    EmulatedGpu.require(report.available() && report.emulated(), report);
    folder = TestModels.tiny(dir.resolve("model"));
  }

  @AfterEach
  void reset() {
    EmulatedGpu.reset();
  }

  /** How a life went: what it gave, or the first failure. */
  private static final class Life {
    private final List<List<Token>> tokens = new ArrayList<>();
    private DeviceException failure;

    /** Whether what failed may be tried again with the same model. */
    private boolean goesOn;
  }

  private Life live() throws Exception {
    Life life = new Life();
    try (MorModel model = MorModel.open(folder, CUDA)) {
      try (MorSession session = model.newSession()) {
        attempt(
            life, () -> session.generate(prompt(), SHORT, token -> {}).tokens(), session::reset);
      }
      try (MorEngine engine = model.newEngine(ROOM)) {
        GenerationRequest request = GenerationRequest.of(prompt()).withGeneration(SHORT);
        attempt(life, () -> engine.submit(request).result().get().tokens(), () -> {});
        assertThat(engine.statistics().running()).isZero();
      }
    } catch (DeviceException e) {
      note(life, e);
    }
    return life;
  }

  /** Once more where it has failed: with the same result, or it says that the GPU has failed. */
  private static void attempt(Life life, Callable<List<Token>> what, Runnable before)
      throws Exception {
    try {
      life.tokens.add(call(what));
    } catch (DeviceException e) {
      boolean first = life.failure == null;
      note(life, e);
      before.run();
      if (first && life.goesOn) {
        life.tokens.add(call(what));
      } else {
        assertThatExceptionOfType(DeviceException.class)
            .isThrownBy(() -> call(what))
            .withMessageContaining(
                life.goesOn ? "no room on the GPU" : "the GPU has failed before");
      }
    }
  }

  private static void note(Life life, DeviceException e) {
    if (life.failure == null) {
      life.failure = e;
      life.goesOn = e instanceof DeviceOutOfMemoryException;
    }
  }

  private static List<Token> call(Callable<List<Token>> what) throws Exception {
    try {
      return what.call();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DeviceException device) {
        throw device;
      }
      throw e;
    }
  }

  private static int[] prompt() {
    int[] ids = new int[40];
    Arrays.setAll(ids, i -> 1 + 7 * i % 39);
    return ids;
  }

  @Test
  void eachCallOnce() throws Exception {
    failEach(EmulatedGpu.INVALID_VALUE, false);
  }

  @Test
  void eachAllocationOnceForWantOfMemory() throws Exception {
    failEach(EmulatedGpu.OUT_OF_MEMORY, false);
  }

  @Test
  void allCallsFromEachOn() throws Exception {
    failEach(EmulatedGpu.INVALID_VALUE, true);
  }

  @Test
  void aDeviceThatIsLostAtEachCall() throws Exception {
    failEach(EmulatedGpu.ILLEGAL_ADDRESS, true);
  }

  private void failEach(int code, boolean forEver) throws Exception {
    // Loads kernels and libraries.
    live();
    EmulatedGpu.failCalls(0, 0, code);
    List<List<Token>> expected = live().tokens;
    List<String> calls = EmulatedGpu.calls();
    EmulatedGpu.reset();
    assertThat(expected).hasSize(2).allMatch(tokens -> tokens.size() == 3);
    Set<String> unnoticed = new TreeSet<>();
    long tried = 0;
    for (int call : chosen(calls, code, forEver)) {
      String function = calls.get(call - 1);
      String where = "call " + call + " of " + calls.size() + ", " + function;
      long bytes = EmulatedGpu.allocatedBytes();
      long allocations = EmulatedGpu.liveAllocations();
      long objects = EmulatedGpu.liveObjects();
      EmulatedGpu.failCalls(call, forEver ? Long.MAX_VALUE : call, code);
      Life life;
      try {
        life = live();
      } catch (Throwable e) {
        throw new AssertionError(where, e);
      }
      List<String> made = EmulatedGpu.calls();
      // Where the device is not lost, it remembers nothing of it for the next life.
      EmulatedGpu.failCalls(0, 0, code);
      boolean keeps = forEver || code == EmulatedGpu.ILLEGAL_ADDRESS || FREEING.contains(function);
      if (keeps) {
        // The device could give nothing back.
        EmulatedGpu.reset();
        EmulatedGpu.freeMemory();
      }
      assertThat(made.size())
          .as("%s: calls until %s", where, life.failure)
          .isGreaterThanOrEqualTo(call);
      assertThat(made.get(call - 1)).as(where).isEqualTo(function);
      if (life.failure == null) {
        unnoticed.add(function);
        assertThat(life.tokens).as(where).isEqualTo(expected);
      } else {
        check(where, function, code, life, expected);
      }
      for (OffHeapMemory.Use use : OffHeapMemory.Use.values()) {
        assertThat(OffHeapMemory.bytes(use)).as("%s: %s", where, use).isZero();
      }
      if (!keeps) {
        assertThat(EmulatedGpu.allocatedBytes()).as(where).isEqualTo(bytes);
        assertThat(EmulatedGpu.liveAllocations()).as(where).isEqualTo(allocations);
        assertThat(EmulatedGpu.liveObjects()).as(where).isEqualTo(objects);
      }
      tried++;
    }
    // In closing: nobody is left to be told.
    assertThat(unnoticed).isSubsetOf(CLOSING);
    assertThat(tried).isGreaterThan(20);
    assertThat(live().tokens).isEqualTo(expected);
  }

  private static void check(
      String where, String function, int code, Life life, List<List<Token>> expected) {
    assertThat(life.failure).as(where).hasMessageContaining("GPU");
    if (code == EmulatedGpu.OUT_OF_MEMORY) {
      assertThat(life.failure).as(where).isInstanceOf(DeviceOutOfMemoryException.class);
      assertThat(expected).as(where).containsAll(life.tokens);
      return;
    }
    String name =
        function.startsWith("cublas")
            ? "CUBLAS_STATUS_EXECUTION_FAILED"
            : code == EmulatedGpu.INVALID_VALUE
                ? "cudaErrorInvalidValue"
                : "cudaErrorIllegalAddress";
    assertThat(life.failure).as(where).hasMessageContaining("(" + name + ", status ");
    if (!function.equals("launch") && !function.equals("execute")) {
      assertThat(life.failure).as(where).hasMessageContaining(function.replaceFirst("_v2$", ""));
    }
  }

  /**
   * All allocations of memory for want of it, else the 1st, 2nd, 4th, 8th, .. call of each function
   * that may fail so; for ever 1st, 4th, 16th.
   */
  private static List<Integer> chosen(List<String> calls, int code, boolean forEver) {
    Map<String, Integer> seen = new HashMap<>();
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      String function = calls.get(i);
      int nth = seen.merge(function, 1, Integer::sum);
      // Memory may run out anywhere, and the model goes on then: where matters.
      boolean everyOne = ALL || (code == EmulatedGpu.OUT_OF_MEMORY && MEMORY.contains(function));
      boolean powerOfTwo = Integer.bitCount(nth) == 1;
      boolean powerOfFour = powerOfTwo && Integer.numberOfTrailingZeros(nth) % 2 == 0;
      boolean canFailSo =
          switch (code) {
            case EmulatedGpu.OUT_OF_MEMORY -> ALLOCATING.contains(function);
            // What fails while it is executed loses the device.
            case EmulatedGpu.INVALID_VALUE -> !function.equals("execute");
            default -> true;
          };
      if (canFailSo && (everyOne || (forEver ? powerOfFour : powerOfTwo))) {
        chosen.add(i + 1);
      }
    }
    return chosen;
  }
}

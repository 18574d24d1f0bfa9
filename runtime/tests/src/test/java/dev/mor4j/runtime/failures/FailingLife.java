package dev.mor4j.runtime.failures;

import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.memory.MemoryAccount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The life of a model, from opening to closing, with a session, an engine and requests that share a
 * prefix, again and again: each time one call fails, the first, the second, .. until none is left
 * to fail. Whatever is tried says what failed, gives back what it had taken, and does well at the
 * next try. A program for a JVM of its own.
 *
 * <p>Arguments: the name of an {@link Injection}, the model's folder, then kernels and placement of
 * the weights of each kind of life, as in {@code AUTO MAPPED}. Writes a line for each kind.
 */
final class FailingLife {
  private static final GenerationOptions SHORT =
      GenerationOptions.greedy().withMaxNewTokens(6).withSeed(3);
  private static final int THREADS = 3;

  private final Injection injection;
  private final Path folder;
  private final ModelOptions options;

  /** What failed, and that nobody noticed: it was not needed. */
  private final Set<String> tolerated = new TreeSet<>();

  private long call;
  private int refused;

  /** What it gives where nothing fails. */
  private List<List<Token>> expected;

  private FailingLife(Injection injection, Path folder, ModelOptions options) {
    this.injection = injection;
    this.folder = folder;
    this.options = options;
  }

  public static void main(String[] args) throws Exception {
    // Loads the library.
    MorModel.runnableKernels();
    for (int i = 2; i < args.length; i += 2) {
      ModelOptions options =
          ModelOptions.defaults()
              .withKernels(KernelChoice.valueOf(args[i]))
              .withWeights(WeightsPlacement.valueOf(args[i + 1]))
              .withThreads(THREADS)
              .withSpinMicroseconds(0);
      FailingLife life = new FailingLife(Injection.valueOf(args[0]), Path.of(args[1]), options);
      life.all();
      System.out.printf(
          "%s %s: %d failures, %d refused, tolerated %s%n",
          args[i], args[i + 1], life.call - 1, life.refused, life.tolerated);
    }
  }

  private void all() throws Exception {
    // Loads classes, of which some keep memory for ever.
    injection.arm(0);
    expected = live();
    long held = injection.held();
    for (call = 1; ; call++) {
      injection.arm(call);
      List<List<Token>> tokens = live();
      require(tokens.equals(expected), "tokens " + tokens + ", expected " + expected);
      require(OffHeapMemory.totalBytes() == 0, OffHeapMemory.totalBytes() + " bytes are held");
      require(injection.held() == held, injection.held() + " are held, expected " + held);
      requireNothingOfTheFolder();
      if (injection.failed() == null) {
        return;
      }
      // A failure in closing has nobody to try again; the next life finds nothing of it.
      injection.arm(0);
      require(live().equals(expected), "other tokens in the life after");
    }
  }

  private List<List<Token>> live() throws Exception {
    try (MorModel model = make(() -> MorModel.open(folder, options))) {
      List<Token> alone;
      try (MorSession session = make(model::newSession)) {
        alone =
            attempt(
                () -> {
                  session.reset();
                  return session.generate(prompt(70), SHORT, token -> {}).tokens();
                });
      }
      require(MemoryAccount.KV_PAGES_LENT.bytes() == 0, "pages are lent");
      EngineOptions room =
          EngineOptions.defaults().withMaxSequences(2).withStepTokens(40).withKvBytes(4 << 20);
      try (MorEngine engine = make(() -> model.newEngine(room))) {
        List<Token> first = attempt(() -> generate(engine, 70));
        List<Token> second = attempt(() -> generate(engine, 75));
        require(engine.failure().isEmpty(), "the engine has failed: " + engine.failure());
        require(engine.statistics().running() == 0, "requests are running");
        return List.of(alone, first, second);
      }
    }
  }

  private static List<Token> generate(MorEngine engine, int length) throws Exception {
    return engine
        .submit(GenerationRequest.of(prompt(length)).withGeneration(SHORT))
        .result()
        .get()
        .tokens();
  }

  /** One is the beginning of the other. */
  private static int[] prompt(int length) {
    int[] ids = new int[length];
    Arrays.setAll(ids, i -> 1 + 7 * i % 39);
    return ids;
  }

  /** Makes something; where that fails nothing stays, and the second time it is made. */
  private <T> T make(Callable<T> what) throws Exception {
    long bytes = OffHeapMemory.totalBytes();
    long held = injection.held();
    return attempt(
        what,
        () -> {
          long now = OffHeapMemory.totalBytes();
          require(now == bytes, now + " bytes are held, expected " + bytes);
          require(injection.held() == held, injection.held() + " are held, expected " + held);
        });
  }

  /** Does it; where that fails because of what was injected, a second time. */
  private <T> T attempt(Callable<T> what) throws Exception {
    return attempt(what, () -> {});
  }

  private <T> T attempt(Callable<T> what, Runnable check) throws Exception {
    boolean failedBefore = injection.failed() != null;
    try {
      T result = what.call();
      if (!failedBefore && injection.failed() != null) {
        tolerated.add(injection.failed());
      }
      return result;
    } catch (ExecutionException | RuntimeException | IOException | OutOfMemoryError e) {
      Throwable failure = e instanceof ExecutionException ? e.getCause() : e;
      require(!failedBefore && injection.failed() != null, "nothing was injected", failure);
      require(
          Pattern.compile(injection.message()).matcher(failure + " " + failure.getCause()).find(),
          "the exception does not say what failed",
          failure);
      check.run();
      refused++;
      return what.call();
    }
  }

  private void require(boolean holds, String otherwise) {
    require(holds, otherwise, null);
  }

  private void require(boolean holds, String otherwise, Throwable cause) {
    if (!holds) {
      throw new AssertionError(
          "call " + call + ", which failed at " + injection.failed() + ": " + otherwise, cause);
    }
  }

  /** No descriptor and no mapping, where the system tells. */
  private void requireNothingOfTheFolder() throws IOException {
    Path self = Path.of("/proc/self");
    if (!Files.exists(self)) {
      return;
    }
    try (Stream<String> maps = Files.lines(self.resolve("maps"))) {
      require(maps.noneMatch(line -> line.contains(folder.toString())), "it is mapped");
    }
    try (Stream<Path> files = Files.list(self.resolve("fd"))) {
      for (Path file : files.toList()) {
        // Its own listing is closed by then.
        if (Files.isSymbolicLink(file)) {
          Path target = Files.readSymbolicLink(file);
          require(!target.startsWith(folder), target + " is open");
        }
      }
    }
  }
}

package dev.mor4j.runtime.files;

import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.TokenStream;
import dev.mor4j.runtime.format.ModelChangedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;

/**
 * A process whose weight files change under load, again and again, in every way and at every
 * moment; {@link ChangingFilesTest} starts it. It ends with 0 when every request either gave what
 * it gives alone or said that the file has changed, and when a second model noticed nothing. With
 * each round it takes implicit null checks and the ends of stacks, which the JVM sees by faults.
 */
final class ChangingFiles {
  private static final GenerationOptions LONG = GenerationOptions.greedy().withMaxNewTokens(20);
  private static final int[] PROMPT = {3, 1, 4, 1, 5};
  private static final int REQUESTS = 2;
  private static final int NULLS_A_ROUND = 100;
  private static final int ROUNDS_A_DEEP_STACK = 50;

  /** What has happened in all rounds. */
  private int faults;

  private int refusals;
  private int failures;

  private final Path folder;
  private final byte[] weights;
  private final ModelOptions options;
  private final List<Integer> expected;
  private final Random random = new Random(17);

  private ChangingFiles(Path source, Path folder, ModelOptions options) throws IOException {
    this.folder = folder;
    this.options = options;
    this.weights = Files.readAllBytes(source.resolve("model.safetensors"));
    Files.createDirectories(folder);
    Files.copy(source.resolve("config.json"), folder.resolve("config.json"));
    try (MorModel model = MorModel.open(source, options);
        MorSession session = model.newSession()) {
      require(weights.length > FileChange.CUT_BYTES, "a file of " + weights.length + " bytes");
      this.expected =
          session.generate(PROMPT, LONG, token -> {}).tokens().stream().map(Token::id).toList();
    }
  }

  /**
   * Runs the rounds.
   *
   * @param args folder of the model, folder to work in, label of the kernels, rounds
   */
  public static void main(String[] args) throws Exception {
    Path source = Path.of(args[0]);
    KernelChoice kernels = KernelChoice.find(args[2]).orElseThrow();
    ModelOptions options =
        ModelOptions.defaults().withKernels(kernels).withThreads(2).withSpinMicroseconds(0);
    ChangingFiles files = new ChangingFiles(source, Path.of(args[1]), options);
    try (MorModel steady = MorModel.open(source, options);
        MorSession session = steady.newSession()) {
      List<FileChange> changes = List.of(FileChange.values());
      long before = OffHeapMemory.totalBytes();
      int rounds = Integer.parseInt(args[3]);
      for (int round = 0; round < rounds; round++) {
        files.round(changes.get(round % changes.size()), round);
        session.reset();
        require(files.expected.equals(ids(session)), "another model gave other tokens");
        // What the session holds comes and goes with its slabs.
        session.reset();
        takeNullChecks();
        if (round % ROUNDS_A_DEEP_STACK == 0) {
          onTwoThreads(ChangingFiles::takeEndOfStack);
        }
      }
      require(OffHeapMemory.totalBytes() <= before + (1 << 24), "memory of closed models was kept");
      System.out.println(
          "rounds "
              + rounds
              + ", faults while reading "
              + files.faults
              + ", requests that failed "
              + files.failures
              + ", refused "
              + files.refusals);
    }
    require(OffHeapMemory.totalBytes() == 0, "memory was kept");
  }

  private static List<Integer> ids(MorSession session) {
    return session.generate(PROMPT, LONG, token -> {}).tokens().stream().map(Token::id).toList();
  }

  private void round(FileChange change, int round) throws Exception {
    Path file = folder.resolve("model.safetensors");
    Path fresh = folder.resolve("fresh");
    Files.write(fresh, weights);
    Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
    if (round % 10 == 9) {
      changeWhileOpening(change, file);
      return;
    }
    try (MorModel model = MorModel.open(folder, options);
        MorEngine engine = model.newEngine(EngineOptions.defaults().withKvBytes(1 << 22));
        MorSession session = model.newSession()) {
      require(model.change().isEmpty(), "nothing has changed yet");
      List<Generation> running = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        running.add(engine.submit(GenerationRequest.of(PROMPT).withGeneration(LONG)));
      }
      readWhileItChanges(change, file, session);
      for (Generation generation : running) {
        finish(generation, change);
      }
      refuses(() -> engine.submit(GenerationRequest.of(PROMPT)));
      session.reset();
      refuses(() -> session.generate(PROMPT, LONG, token -> {}));
      require(model.change().isPresent(), "nobody noticed: " + change);
    }
  }

  /** A stream that is read until it ends or fails; the file changes after some of its tokens. */
  private void readWhileItChanges(FileChange change, Path file, MorSession session) {
    int tokensBefore = random.nextInt(10);
    boolean changed = false;
    List<Integer> read = new ArrayList<>();
    try (TokenStream stream = session.stream(PROMPT, LONG)) {
      while (stream.hasNext()) {
        if (read.size() == tokensBefore) {
          change.apply(file, weights);
          changed = true;
        }
        read.add(stream.nextId());
      }
      require(!changed || change != FileChange.EMPTIED, "tokens came from an empty file");
    } catch (ModelChangedException e) {
      requireNamesFile(e);
      faults++;
    }
    requireBeginning(read, change);
    if (!changed) {
      change.apply(file, weights);
    }
  }

  private void finish(Generation generation, FileChange change) throws InterruptedException {
    List<Integer> read = new ArrayList<>();
    try {
      generation.result().get().tokens().forEach(token -> read.add(token.id()));
      require(change.mayGiveOtherTokens() || read.equals(expected), "other tokens: " + read);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof ModelChangedException changed)) {
        throw new AssertionError("not the reason: " + e.getCause(), e);
      }
      requireNamesFile(changed);
      failures++;
    }
  }

  private void changeWhileOpening(FileChange change, Path file) throws Exception {
    Thread changing = Thread.ofPlatform().start(() -> change.apply(file, weights));
    try (MorModel model = MorModel.open(folder, options);
        MorSession session = model.newSession()) {
      requireBeginning(ids(session), change);
    } catch (ModelChangedException e) {
      requireNamesFile(e);
      faults++;
    } catch (IOException e) {
      // It was not what it should be at a moment when only the header had been read.
      refusals++;
    }
    changing.join();
  }

  /** Numbers that were made of zeros in place of the file's are in nobody's tokens. */
  private void requireBeginning(List<Integer> read, FileChange change) {
    require(
        change.mayGiveOtherTokens() || expected.subList(0, read.size()).equals(read),
        "other tokens after " + change + ": " + read + ", expected " + expected);
  }

  private void refuses(Runnable request) {
    try {
      request.run();
    } catch (ModelChangedException e) {
      requireNamesFile(e);
      refusals++;
      return;
    }
    throw new AssertionError("a request was taken");
  }

  private void requireNamesFile(ModelChangedException e) {
    require(e.getMessage().startsWith(folder.resolve("model.safetensors") + ": "), e.getMessage());
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }

  private record Box(int number) {}

  private static int open(Box box) {
    return box.number();
  }

  /** In compiled code these are faults of the processor that the JVM makes exceptions of. */
  private static void takeNullChecks() {
    Box box = new Box(7);
    for (int i = 0; i < NULLS_A_ROUND; i++) {
      require(open(box) == 7, "a field");
      try {
        require(open(null) < 0, "a field of null was read");
      } catch (NullPointerException e) {
        continue;
      }
      throw new AssertionError("null has a field");
    }
  }

  private static int depth(int at) {
    return at < 0 ? 0 : 1 + depth(at + 1);
  }

  private static void takeEndOfStack() {
    try {
      require(depth(0) < 0, "a stack without end");
    } catch (StackOverflowError e) {
      return;
    }
    throw new AssertionError("a stack without end");
  }

  private static void onTwoThreads(Runnable work) throws InterruptedException {
    List<Throwable> failed = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Thread thread = Thread.ofPlatform().unstarted(work);
      thread.setUncaughtExceptionHandler(
          (where, e) -> {
            synchronized (failed) {
              failed.add(e);
            }
          });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    require(failed.isEmpty(), "on a thread: " + failed);
  }
}

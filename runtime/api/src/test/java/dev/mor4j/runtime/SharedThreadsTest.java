package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of one JVM share the threads of their kernels, and do not disturb each other. */
class SharedThreadsTest {
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(40);
  private static final ModelOptions THREE_THREADS = ModelOptions.defaults().withThreads(3);
  private static final int[] PROMPT = {0, 5, 6, 7, 8, 9, 10};

  /** Native threads inherit the name of the thread that starts them; this one is nobody else's. */
  private static final String NAME = "mor4j-opener";

  @TempDir static Path folder;
  private static Path expert;
  private static Path vanilla;

  @BeforeAll
  static void write() throws IOException {
    expert = TestModels.expert(folder.resolve("expert"));
    vanilla = TestModels.vanilla(folder.resolve("vanilla"));
  }

  @Test
  void threadsAreThoseOfOneModelAndEndWithTheLast() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/task")), "counts threads in /proc");
    for (boolean firstClosesFirst : new boolean[] {true, false}) {
      asOpener(
          () -> {
            // The opener itself; one of an earlier round may not have left /proc yet.
            assertOpeners(1);
            MorModel first = MorModel.open(expert, THREE_THREADS);
            assertOpeners(3);
            MorModel second = MorModel.open(vanilla, THREE_THREADS);
            assertOpeners(3);
            MorModel fewer = MorModel.open(vanilla, THREE_THREADS.withThreads(2));
            assertOpeners(4);
            fewer.close();
            MorModel awake = MorModel.open(vanilla, THREE_THREADS.withSpinMicroseconds(1_000_000));
            assertOpeners(5);
            assertThat(ids(awake)).isEqualTo(ids(second));
            awake.close();
            MorModel last = firstClosesFirst ? second : first;
            (firstClosesFirst ? first : second).close();
            assertOpeners(3);
            assertThat(ids(last)).hasSize(40);
            last.close();
            last.close();
            assertOpeners(1);
            return null;
          });
    }
  }

  @Test
  void modelsAtWorkTogetherGiveWhatEachGivesAlone() throws Exception {
    List<Integer> expected;
    List<Integer> expectedOfOther;
    try (MorModel model = MorModel.open(expert, THREE_THREADS)) {
      expected = ids(model);
    }
    try (MorModel model = MorModel.open(vanilla, THREE_THREADS)) {
      expectedOfOther = ids(model);
    }
    try (MorModel model = MorModel.open(expert, THREE_THREADS);
        MorModel other = MorModel.open(vanilla, THREE_THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<List<Integer>>> found = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        MorModel mine = i % 2 == 0 ? model : other;
        found.add(threads.submit(() -> ids(mine)));
      }
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i).get()).isEqualTo(i % 2 == 0 ? expected : expectedOfOther);
      }
    }
  }

  @Test
  void closingOneModelDoesNotDisturbTheOther() throws Exception {
    try (MorModel model = MorModel.open(expert, THREE_THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(1)) {
      List<Integer> expected = ids(model);
      for (int round = 0; round < 20; round++) {
        Future<List<Integer>> found = threads.submit(() -> ids(model));
        try (MorModel other = MorModel.open(vanilla, THREE_THREADS)) {
          assertThat(other.config()).isNotNull();
        }
        assertThat(found.get()).isEqualTo(expected);
      }
    }
  }

  private static List<Integer> ids(MorModel model) {
    try (MorSession session = model.newSession()) {
      return session.generate(PROMPT, SHORT, token -> {}).tokens().stream().map(Token::id).toList();
    }
  }

  private static void asOpener(Callable<Void> work) throws Exception {
    try (ExecutorService opener =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().name(NAME).factory())) {
      opener.submit(work).get();
    }
  }

  /** A thread that has ended may stay in /proc for a moment. */
  private static void assertOpeners(long expected) throws Exception {
    for (int tries = 0; tries < 6000 && openers() != expected; tries++) {
      Thread.sleep(10);
    }
    assertThat(openers()).isEqualTo(expected);
  }

  /** Threads of this process with the opener's name: the opener, and the threads it has started. */
  private static long openers() throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      return tasks.filter(SharedThreadsTest::isOpener).count();
    }
  }

  private static boolean isOpener(Path task) {
    try {
      return Files.readString(task.resolve("comm")).strip().equals(NAME);
    } catch (IOException e) {
      if (Files.exists(task)) {
        throw new UncheckedIOException(e);
      }
      return false;
    }
  }
}

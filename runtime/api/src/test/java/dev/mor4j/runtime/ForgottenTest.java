package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What nobody closed comes back with a warning, and nothing that is in use ever does. What is to be
 * forgotten is opened in methods of their own: the variables of a method that still runs are not.
 */
@Timeout(120)
class ForgottenTest {
  private static final Logger LOGGER = Logger.getLogger("dev.mor4j.runtime");
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(6);

  /** Collections after which an object that can be collected would have been. */
  private static final int COLLECTIONS = 5;

  @TempDir Path folder;
  private Path model;
  private long before;
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord logged) {
          warnings.add(new SimpleFormatter().formatMessage(logged));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void begin() throws IOException {
    model = TestModels.expert(folder.resolve("model"));
    before = OffHeapMemory.totalBytes();
    LOGGER.addHandler(handler);
    LOGGER.setUseParentHandlers(false);
  }

  @AfterEach
  void end() {
    LOGGER.removeHandler(handler);
    LOGGER.setUseParentHandlers(true);
  }

  /** Collects until nothing is held beyond what was; the test's time limit ends it otherwise. */
  private void awaitAllGivenBack() throws InterruptedException {
    while (OffHeapMemory.totalBytes() != before) {
      System.gc();
      Thread.sleep(5);
    }
  }

  private static void collect() throws InterruptedException {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      Thread.sleep(20);
    }
  }

  private void forgetModel() throws IOException {
    MorModel opened = MorModel.open(model);
    assertThat(OffHeapMemory.totalBytes() - before).isPositive();
    try (MorSession session = opened.newSession()) {
      session.generate("A", SHORT);
    }
  }

  @Test
  void aForgottenModelIsGivenBackWithOneWarning() throws Exception {
    forgetModel();
    awaitAllGivenBack();
    assertThat(warnings).hasSize(1);
    assertThat(warnings.getFirst())
        .contains("The MorModel of " + model, "was never closed", "try-with-resources");
  }

  @Test
  void whatIsClosedWarnsOfNothing() throws Exception {
    openAndClose();
    collect();
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
    assertThat(warnings).isEmpty();
  }

  private void openAndClose() throws IOException {
    try (MorModel opened = MorModel.open(model);
        MorSession session = opened.newSession();
        MorEngine engine = opened.newEngine(EngineOptions.defaults())) {
      session.generate("A", SHORT);
      engine.submit(GenerationRequest.of("A")).result().join();
    }
  }

  private void forgetSession(MorModel opened) {
    MorSession session = opened.newSession();
    session.generate("A", SHORT);
    TokenStream stream = session.stream("B", SHORT);
    assertThat(stream.next()).isNotNull();
  }

  @Test
  void aForgottenSessionGivesItsPagesAndBuffersBack() throws Exception {
    try (MorModel opened = MorModel.open(model)) {
      forgetSession(opened);
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT)).isPositive();
      while (OffHeapMemory.bytes(OffHeapMemory.Use.KV_PAGES_LENT) != 0) {
        System.gc();
        Thread.sleep(5);
      }
      long workspace = OffHeapMemory.bytes(OffHeapMemory.Use.WORKSPACE);
      try (MorSession session = opened.newSession()) {
        session.generate("A", SHORT);
      }
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.WORKSPACE)).isEqualTo(workspace);
    }
    assertThat(warnings).hasSize(1);
    assertThat(warnings.getFirst()).contains("A MorSession of " + model);
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  private void forgetEverything() throws IOException {
    MorModel opened = MorModel.open(model);
    opened.newSession().stream("A", SHORT).next();
    MorEngine engine = opened.newEngine(EngineOptions.defaults());
    engine.submit(GenerationRequest.of("A").withGeneration(SHORT)).result().join();
  }

  @Test
  void aModelIsGivenBackAfterItsForgottenSessionsAndEngines() throws Exception {
    forgetEverything();
    awaitAllGivenBack();
    assertThat(warnings).hasSize(3);
    assertThat(warnings)
        .anyMatch(each -> each.contains("MorModel"))
        .anyMatch(each -> each.contains("MorSession"))
        .anyMatch(each -> each.contains("MorEngine"));
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("mor4j-engine"));
  }

  private MorSession sessionOfForgottenModel() throws IOException {
    return MorModel.open(model).newSession();
  }

  private void useSessionOfForgottenModel() throws Exception {
    try (MorSession session = sessionOfForgottenModel()) {
      collect();
      assertThat(warnings).isEmpty();
      assertThat(session.generate("A", SHORT).tokens()).hasSize(6);
    }
  }

  @Test
  void aSessionKeepsItsModel() throws Exception {
    useSessionOfForgottenModel();
    awaitAllGivenBack();
    assertThat(warnings).hasSize(1);
    assertThat(warnings.getFirst()).contains("The MorModel of " + model);
  }

  private Tokenizer tokenizerOfForgottenModel() throws IOException {
    return MorModel.open(model).tokenizer().orElseThrow();
  }

  @Test
  void aTokenizerOutlivesItsModel() throws Exception {
    Tokenizer tokenizer = tokenizerOfForgottenModel();
    awaitAllGivenBack();
    assertThat(warnings).hasSize(1);
    assertThat(tokenizer.decode(tokenizer.encode("Once"))).contains("Once");
  }

  private CompletableFuture<GenerationResult> resultOfForgottenEngine() throws IOException {
    return MorModel.open(model)
        .newEngine(EngineOptions.defaults())
        .submit(GenerationRequest.of("A").withGeneration(SHORT.withMaxNewTokens(60)))
        .result();
  }

  private void awaitResultOfForgottenEngine() throws IOException {
    CompletableFuture<GenerationResult> result = resultOfForgottenEngine();
    while (!result.isDone()) {
      System.gc();
    }
    assertThat(result.join().tokens()).isNotEmpty();
    assertThat(result.join().finishReason()).isNotEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void aRequestThatRunsKeepsItsEngine() throws Exception {
    awaitResultOfForgottenEngine();
    awaitAllGivenBack();
    assertThat(warnings).hasSize(2);
  }

  @Test
  void whatIsInUseIsNeverCollected() throws Exception {
    Thread collector =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!Thread.currentThread().isInterrupted()) {
                    System.gc();
                  }
                });
    try {
      for (int i = 0; i < 10; i++) {
        // Nothing but the running call knows the session and the model.
        assertThat(sessionOfForgottenModel().generate("A", SHORT).tokens()).hasSize(6);
        int[] depths =
            MorModel.open(model)
                .score(
                    new int[] {1, 2, 3, 4},
                    RoutingMode.THRESHOLD,
                    SessionOptions.defaults(),
                    (first, count, logits) -> {});
        assertThat(depths).hasSize(4);
      }
    } finally {
      collector.interrupt();
      collector.join();
    }
    awaitAllGivenBack();
    assertThat(warnings).hasSize(10 * 3);
  }
}

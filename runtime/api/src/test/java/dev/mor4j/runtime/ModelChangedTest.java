package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a model says whose weight file is no longer the one that was opened. Nothing here may fault:
 * that is tried in a process of its own.
 */
class ModelChangedTest {
  private static final int[] PROMPT = {3, 1, 4};
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(8);

  @TempDir Path dir;
  private Path folder;
  private Path file;

  @BeforeEach
  void writeModel() throws IOException {
    folder = TestModels.tiny(dir.resolve("model"));
    file = folder.resolve("model.safetensors");
  }

  private static ModelOptions mapped(KernelChoice kernels) {
    return ModelOptions.defaults().withKernels(kernels).withWeights(WeightsPlacement.MAPPED);
  }

  private void changed(ThrowingCallable request, String what) {
    assertThatExceptionOfType(ModelChangedException.class)
        .isThrownBy(request)
        .withMessage(file + ": " + what);
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "JAVA"})
  void everyRequestIsRefusedWithWhatHappened(KernelChoice kernels) throws Exception {
    try (MorModel model = MorModel.open(folder, mapped(kernels));
        MorSession session = model.newSession();
        MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      session.generate(PROMPT, SHORT, token -> {});
      assertThat(model.change()).isEmpty();
      FileTime opened = Files.getLastModifiedTime(file);
      FileTime later = FileTime.from(opened.toInstant().plusSeconds(60));
      Files.setLastModifiedTime(file, later);
      String what =
          "the file was changed while the model was open: it was last modified at "
              + later
              + ", expected "
              + opened;
      changed(() -> session.generate(PROMPT, SHORT, token -> {}), what);
      changed(() -> engine.submit(GenerationRequest.of(PROMPT)), what);
      changed(
          () ->
              model.score(
                  PROMPT,
                  RoutingMode.THRESHOLD,
                  SessionOptions.defaults(),
                  (first, count, logits) -> {}),
          what);
      assertThat(model.change()).isPresent();
      // What was found once stays found: the time may be set back, the content is not.
      Files.setLastModifiedTime(file, opened);
      changed(() -> session.generate(PROMPT, SHORT, token -> {}), what);
      // The session has not been used for anything, and is as it was.
      assertThat(session.tokenIds()).hasSize(PROMPT.length + SHORT.maxNewTokens());
    }
    assertThat(OffHeapMemory.totalBytes()).isZero();
    try (MorModel model = MorModel.open(folder, mapped(kernels));
        MorSession session = model.newSession()) {
      session.generate(PROMPT, SHORT, token -> {});
    }
  }

  @Test
  void anotherSizeIsNamed() throws IOException {
    long size = Files.size(file);
    try (MorModel model = MorModel.open(folder, mapped(KernelChoice.AUTO));
        MorSession session = model.newSession()) {
      Files.write(file, new byte[5], StandardOpenOption.APPEND);
      changed(
          () -> session.generate(PROMPT, SHORT, token -> {}),
          "the file was changed while the model was open: it has "
              + (size + 5)
              + " bytes, expected the "
              + size
              + " it had when opened");
    }
  }

  @Test
  void aFileThatWasReplacedOrDeletedIsAChangeThoughWhatIsMappedIsWhole() throws IOException {
    Path copy = Files.copy(file, dir.resolve("copy"), StandardCopyOption.COPY_ATTRIBUTES);
    try (MorModel model = MorModel.open(folder, mapped(KernelChoice.AUTO));
        MorSession session = model.newSession()) {
      TokenStream running = session.stream(PROMPT, SHORT);
      int first = running.nextId();
      Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
      // What was begun before is right, and goes on.
      assertThat(running.readAll(token -> {}).tokens().getFirst().id()).isEqualTo(first);
      changed(
          () -> session.generate(PROMPT, SHORT, token -> {}),
          "the file was replaced by another while the model was open");
    }
    try (MorModel model = MorModel.open(folder, mapped(KernelChoice.AUTO));
        MorSession session = model.newSession()) {
      Files.delete(file);
      changed(
          () -> session.generate(PROMPT, SHORT, token -> {}),
          "the file was deleted or moved away while the model was open");
    }
  }

  @Test
  void aLinkThatIsLedElsewhereChangesNothingOfWhatIsOpen() throws IOException {
    Path next = TestModels.tiny(dir.resolve("next"));
    Path current = Files.createSymbolicLink(dir.resolve("current"), folder);
    try (MorModel model = MorModel.open(current, mapped(KernelChoice.AUTO));
        MorSession session = model.newSession()) {
      Files.delete(current);
      Files.createSymbolicLink(current, next);
      session.generate(PROMPT, SHORT, token -> {});
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AUTO", "JAVA"})
  void copiedWeightsDependOnNoFile(KernelChoice kernels) throws Exception {
    long size = Files.size(file);
    ModelOptions options = mapped(kernels).withWeights(WeightsPlacement.COPIED);
    List<Token> expected;
    try (MorModel model = MorModel.open(folder, mapped(kernels));
        MorSession session = model.newSession()) {
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.MAPPED_WEIGHTS)).isEqualTo(size);
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.COPIED_WEIGHTS)).isZero();
      expected = session.generate(PROMPT, SHORT, token -> {}).tokens();
    }
    try (MorModel model = MorModel.open(folder, options);
        MorSession session = model.newSession();
        MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.MAPPED_WEIGHTS)).isZero();
      assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.COPIED_WEIGHTS)).isEqualTo(size);
      assertThat(model.weightBytes()).isEqualTo(size);
      Files.write(file, new byte[3]);
      Files.delete(file);
      assertThat(session.generate(PROMPT, SHORT, token -> {}).tokens()).isEqualTo(expected);
      assertThat(engine.submit(GenerationRequest.of(PROMPT).withGeneration(SHORT)).result().get())
          .extracting(GenerationResult::tokens)
          .isEqualTo(expected);
      assertThat(model.change()).isEmpty();
    }
    assertThat(OffHeapMemory.totalBytes()).isZero();
  }

  @Test
  void aFileThatIsCutBeforeItIsCopiedIsRefused() throws IOException {
    Files.write(file, new byte[3]);
    ModelOptions copied = ModelOptions.defaults().withWeights(WeightsPlacement.COPIED);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> MorModel.open(folder, copied))
        .withMessageStartingWith(file + ": ");
    assertThat(OffHeapMemory.totalBytes()).isZero();
  }

  @Test
  void thePropertySwitchesTheGuardOff() {
    assertThat(ModelOptions.defaults().fileGuard()).isTrue();
    try {
      System.setProperty(ModelOptions.FILE_GUARD_PROPERTY, "false");
      assertThat(ModelOptions.defaults().fileGuard()).isFalse();
      assertThat(ModelOptions.defaults().withFileGuard(true).fileGuard()).isTrue();
      System.setProperty(ModelOptions.FILE_GUARD_PROPERTY, "off");
      assertThatIllegalArgumentException()
          .isThrownBy(ModelOptions::defaults)
          .withMessage("the system property mor4j.fileGuard is \"off\", expected true or false");
    } finally {
      System.clearProperty(ModelOptions.FILE_GUARD_PROPERTY);
    }
  }
}

package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The output appears whole or not at all, and replaces nothing that it should not. */
class OutputTest {
  private static final Path SOURCE = Checkpoints.golden("expert-n3");

  @TempDir Path dir;

  @Test
  void equalSourcesGiveEqualBytes() throws IOException {
    CheckpointConverter.convert(SOURCE, dir.resolve("a"), ConversionOptions.DEFAULT);
    CheckpointConverter.convert(SOURCE, dir.resolve("b"), ConversionOptions.DEFAULT);
    for (String file : Checkpoints.list(dir.resolve("a"))) {
      assertThat(dir.resolve("a").resolve(file))
          .hasSameBinaryContentAs(dir.resolve("b").resolve(file));
    }
  }

  @Test
  void copiesTheTokenizerAndReportsProgress() throws IOException {
    List<String> steps = new ArrayList<>();
    CheckpointConverter.convert(
        Checkpoints.trained(),
        dir.resolve("out"),
        new ConversionOptions(
            false,
            (done, total, what) -> {
              assertThat(done).isPositive().isLessThanOrEqualTo(total);
              if (!steps.contains(what)) {
                steps.add(what);
              }
            }));
    assertThat(Checkpoints.list(dir.resolve("out")))
        .containsExactly("config.json", "conversion.json", "model.safetensors", "tokenizer.json");
    assertThat(dir.resolve("out/tokenizer.json"))
        .hasSameBinaryContentAs(Checkpoints.trained().resolve("tokenizer.json"));
    assertThat(steps).contains("writing weights", "hashing the checkpoint");
  }

  @Test
  void refusesExistingDestinationUnlessToldToOverwriteAModel() throws IOException {
    Path out = dir.resolve("out");
    CheckpointConverter.convert(SOURCE, out, ConversionOptions.DEFAULT);
    assertThatThrownBy(() -> CheckpointConverter.convert(SOURCE, out, ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("the destination exists");
    ConversionOptions overwrite = new ConversionOptions(true, ConversionProgress.NONE);
    CheckpointConverter.convert(Checkpoints.golden("hf-llama"), out, overwrite);
    assertThat(CheckpointInspection.inspect(out).config().architecture().layers()).isEqualTo(3);
    assertThat(Checkpoints.list(dir)).containsExactly("out");

    Files.writeString(out.resolve("notes.txt"), "mine");
    assertThatThrownBy(() -> CheckpointConverter.convert(SOURCE, out, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("holds [notes.txt]");
  }

  @Test
  void neverReplacesACheckpointOrItsSource() throws IOException {
    ConversionOptions overwrite = new ConversionOptions(true, ConversionProgress.NONE);
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    assertThatThrownBy(() -> CheckpointConverter.convert(source, source, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is or contains the source");
    assertThatThrownBy(() -> CheckpointConverter.convert(source, dir, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is or contains the source");
    Path other = Checkpoints.copy("hf-llama", dir.resolve("other"));
    Files.delete(other.resolve("generation_config.json"));
    assertThatThrownBy(() -> CheckpointConverter.convert(source, other, overwrite))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("format is missing");
    assertThat(other.resolve("model.safetensors"))
        .hasSameBinaryContentAs(source.resolve("model.safetensors"));
  }

  @Test
  void leavesNothingBehindWhenItFailsHalfWay() throws IOException {
    for (String step : List.of("writing weights", "hashing the checkpoint")) {
      ConversionProgress failing =
          (done, total, what) -> {
            if (what.equals(step)) {
              throw new UncheckedIOException(new IOException("stop"));
            }
          };
      assertThatThrownBy(
              () ->
                  CheckpointConverter.convert(
                      SOURCE, dir.resolve("out"), new ConversionOptions(false, failing)))
          .isInstanceOf(UncheckedIOException.class);
      assertThat(Checkpoints.list(dir)).isEmpty();
    }
  }

  @Test
  void failureKeepsTheModelThatWasToBeReplaced() throws IOException {
    Path out = dir.resolve("out");
    CheckpointConverter.convert(SOURCE, out, ConversionOptions.DEFAULT);
    byte[] before = Files.readAllBytes(out.resolve("model.safetensors"));
    ConversionProgress failing =
        (done, total, what) -> {
          if (what.equals("hashing the checkpoint")) {
            throw new UncheckedIOException(new IOException("stop"));
          }
        };
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(
                    Checkpoints.golden("hf-llama"), out, new ConversionOptions(true, failing)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(out.resolve("model.safetensors")).hasBinaryContent(before);
    assertThat(Checkpoints.list(dir)).containsExactly("out");
  }

  @Test
  void interruptEndsTheConversionAndRemovesWhatWasWritten() throws Exception {
    ConversionProgress interrupting =
        (done, total, what) -> {
          if (what.equals("writing weights")) {
            Thread.currentThread().interrupt();
          }
        };
    try {
      assertThatThrownBy(
              () ->
                  CheckpointConverter.convert(
                      SOURCE, dir.resolve("out"), new ConversionOptions(false, interrupting)))
          .isInstanceOf(IOException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(Checkpoints.list(dir)).isEmpty();
  }

  @Test
  void inspectsSourcesAndConvertedModels() throws IOException {
    CheckpointInspection source = CheckpointInspection.inspect(SOURCE);
    assertThat(source.kind()).isEqualTo(CheckpointInspection.Kind.MIXTURE_OF_RECURSIONS_CHECKPOINT);
    assertThat(source.byValue()).isFalse();
    CheckpointConverter.convert(SOURCE, dir.resolve("out"), ConversionOptions.DEFAULT);
    CheckpointInspection converted = CheckpointInspection.inspect(dir.resolve("out"));
    assertThat(converted.kind()).isEqualTo(CheckpointInspection.Kind.CONVERTED);
    assertThat(converted.uniqueParameters()).isEqualTo(source.uniqueParameters()).isEqualTo(54656);
    assertThat(converted.unrolledParameters()).isEqualTo(100992);
    // 8 layers · 2 · 2 heads · 8 · 4 bytes; recursion-wise: 2 unique and 2 · (1 + 2/3 + 1/3)
    // layers.
    assertThat(converted.cache().vanilla()).isEqualTo(1024);
    assertThat(converted.cache().worst()).isEqualTo(1024);
    assertThat(converted.cache().expected()).isBetween(767.99, 768.01);

    Path repeated = Checkpoints.golden("token-n3");
    assertThat(CheckpointInspection.inspect(repeated).uniqueBytes())
        .isGreaterThan(CheckpointInspection.inspect(repeated, true).uniqueBytes());
    assertThat(CheckpointInspection.inspect(repeated, true).uniqueBytes()).isEqualTo(218624);
  }

  @Test
  void warnsOfTokenizerLargerThanTheVocabulary() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Checkpoints.putTokenizer("made-split-string", "tokenizer.json", source);
    ConversionReport report =
        CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(report.warnings())
        .anyMatch(warning -> warning.contains("token ids, but vocab_size is 256"));
    Files.writeString(source.resolve("tokenizer.json"), "{\"model\":");
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(source, dir.resolve("out2"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("tokenizer.json");
    assertThat(Checkpoints.list(dir)).containsExactly("out", "source");
  }
}

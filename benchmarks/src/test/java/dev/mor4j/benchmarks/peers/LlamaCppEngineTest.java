package dev.mor4j.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.benchmarks.peers.fake.LlamaModel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The adapter against a binding of the same shape: what it sets, asks for and understands. */
class LlamaCppEngineTest {
  private static PeerEngine open(boolean flash, int sequences) {
    return LlamaCppEngine.open(
        LlamaCppEngineTest.class.getClassLoader(),
        "dev.mor4j.benchmarks.peers.fake",
        new PeerSettings(Path.of("x.gguf"), "q8_0", 2, flash, 100, sequences));
  }

  @Test
  void generatesOnSeveralSequences() {
    try (PeerEngine engine = open(true, 2)) {
      assertThat(LlamaModel.CALLS)
          .contains("threads 2", "threadsBatch 2", "context 328", "batch 512", "ubatch 512")
          .contains("parallel 2", "model x.gguf", "mlock", "quiet", "flash");
      assertThat(engine.prefill(new int[][] {{1, 2}, {3}}, 5)).containsExactly(0, 100);
      assertThat(engine.step()).containsExactly(1, 101);
      assertThat(LlamaModel.CALLS.getLast())
          .contains("\"prompt\": [3]", "\"n_predict\": 70", "\"cache_prompt\": false")
          .contains("\"ignore_eos\": true", "\"top_k\": 1");
      assertThat(engine.prefill(new int[][] {{4}}, 0)).containsExactly(200);
      assertThat(LlamaModel.CALLS).contains("cancel 0", "cancel 1").doesNotContain("close");
    }
    assertThat(LlamaModel.CALLS).endsWith("cancel 2", "close");
  }

  @Test
  void saysThatASequenceEndedEarly() {
    try (PeerEngine engine = open(false, 1)) {
      assertThat(LlamaModel.CALLS).doesNotContain("flash");
      assertThat(engine.prefill(new int[][] {{1}}, 9)).containsExactly(0);
      assertThat(engine.step()).containsExactly(1);
      assertThat(engine.step()).containsExactly(2);
      assertThatThrownBy(engine::step).hasMessageContaining("ended early");
    }
  }

  @Test
  void readsOnlyIds() {
    assertThat(LlamaCppEngine.id("<49151>")).isEqualTo(49151);
    assertThatThrownBy(() -> LlamaCppEngine.id("word"))
        .hasMessageContaining("found the text 'word'");
  }

  @Test
  void saysHowToGetArchives() {
    assertThatThrownBy(() -> PeerClassPath.of(Path.of("no-such-folder")))
        .hasMessageContaining("mvn -Ppeers");
  }
}

package dev.mor4j.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PeerTableTest {
  @Test
  void dividesOurMediansByThePeers() {
    PeerRow ours = row(PeerModels.OURS, "decode @32", "bf16", 30.0, 90.0, 60.0);
    PeerRow peer = row(PeerModels.LLAMA_CPP, "decode @32", "q8_0", 40.0);
    PeerRow failed = row(PeerModels.JLAMA, "decode @32", "q4");
    PeerRow alone = row(PeerModels.LLAMA_CPP, "prefill 512", "q8_0", 10.0, 20.0);

    assertThat(ours.median()).isEqualTo(60);
    assertThat(alone.median()).isEqualTo(15);
    assertThat(failed.median()).isNaN();
    PeerRow shared =
        new PeerRow("mor4j", "m", "decode @32", Map.of(), List.of(1.0), List.of(0.5, 0.7, 0.9));
    assertThat(shared.share()).isEqualTo(0.7);
    assertThat(shared.json()).containsEntry("share_of_machine", 0.7);
    assertThat(ours.json()).doesNotContainKey("share_of_machine");
    assertThat(ours.json()).containsEntry("median", 60.0).containsEntry("engine", "mor4j");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PeerTable.print(
        List.of(ours, peer, failed, alone), new PrintStream(out, true, StandardCharsets.UTF_8));
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(lines).anyMatch(line -> line.matches("m, decode @32 .*mor4j bf16 ÷"));
    assertThat(lines)
        .anyMatch(line -> line.matches(" +mor4j bf16 +60\\.0 +30\\.0\\.\\.90\\.0 +- +"));
    assertThat(lines).anyMatch(line -> line.matches(" +llama\\.cpp q8_0 +40\\.0 .* 1\\.50"));
    assertThat(lines).anyMatch(line -> line.matches(" +jlama q4 +NaN +- +- +-"));
    assertThat(lines)
        .anyMatch(line -> line.matches(" +llama\\.cpp q8_0 +15\\.0 +10\\.0\\.\\.20\\.0 +-"));
  }

  @Test
  void countsTokensInCommon() {
    assertThat(PeerCheck.common(new int[] {1, 2, 3}, new int[] {1, 2, 4})).isEqualTo(2);
    assertThat(PeerCheck.common(new int[] {1, 2}, new int[] {1, 2})).isEqualTo(2);
  }

  private static PeerRow row(String engine, String workload, String type, Double... scores) {
    return new PeerRow(engine, "m", workload, Map.of("type", type), List.of(scores), List.of());
  }
}

package dev.mor4j.runtime.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StrictJsonTest {
  @TempDir Path dir;

  private Map<String, Object> read(String text) throws IOException {
    return StrictJson.read(Files.writeString(dir.resolve("a.json"), text), 1000);
  }

  @Test
  void aByteOrderMarkIsPassedOverOnce() throws IOException {
    assertThat(read("\uFEFF{\"a\": \"\uFEFFb\"}")).isEqualTo(Map.of("a", "\uFEFFb"));
    assertThat(read("{}")).isEmpty();
    assertThatThrownBy(() -> read("\uFEFF\uFEFF{}"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("not valid JSON");
  }

  @Test
  void otherEncodingsAreRefused() throws IOException {
    Path file = Files.write(dir.resolve("b.json"), "{}".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> StrictJson.read(file, 1000))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("not valid UTF-8");
    Path half = Files.write(dir.resolve("c.json"), new byte[] {(byte) 0xEF, (byte) 0xBB});
    assertThatThrownBy(() -> StrictJson.read(half, 1000)).isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(() -> read("")).isInstanceOf(ModelFormatException.class);
  }
}

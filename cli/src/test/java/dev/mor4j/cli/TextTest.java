package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.cli.depths.DepthCounts;
import dev.mor4j.cli.depths.DepthPalette;
import dev.mor4j.cli.page.Html;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.converter.verify.LogSoftmax;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TextTest {
  @Test
  void depthsAreColouredLineByLine() {
    DepthPalette palette = new DepthPalette(true);
    assertThat(palette.paint("a\nb", 1))
        .isEqualTo("\u001b[38;5;39ma\u001b[0m\n\u001b[38;5;39mb\u001b[0m");
    assertThat(palette.paint("", 1)).isEmpty();
    assertThat(palette.paint("x", 99)).contains("38;5;177");
    assertThat(new DepthPalette(false).paint(" word\n", 12)).isEqualTo(" word₁₂\n");
  }

  @Test
  void pagesEscapeWhatHtmlWouldRead() {
    assertThat(Html.escape("<a href=\"x\">'&'\n\t\u0000\u001b"))
        .isEqualTo("&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\n\t\ufffd\ufffd");
  }

  @Test
  void sizesDoNotDependOnTheLocale() {
    assertThat(Sizes.bytes(512)).isEqualTo("512 bytes");
    assertThat(Sizes.bytes(8461533)).isEqualTo("8.07 MiB");
    assertThat(Sizes.count(8461533)).isEqualTo("8,461,533");
  }

  @Test
  void sharesOfRecursions() {
    DepthCounts counts = new DepthCounts(3);
    counts.add(1, 3, 3, 2, -1);
    assertThat(counts.shares()).containsExactly(1.0, 0.75, 0.5);
    assertThat(counts.sharesText()).isEqualTo("1.000 0.750 0.500");
    assertThat(new DepthCounts(2).shares()).containsExactly(0.0, 0.0);
  }

  @Test
  void logProbabilitiesSumToOneAndDoNotOverflow() {
    float[] logits = {9, 1000, 998, -1e30f, 1000};
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += Math.exp(LogSoftmax.at(logits, 1, 4, i));
    }
    assertThat(sum).isCloseTo(1, within(1e-12));
    Arrays.fill(logits, Float.NaN);
    assertThat(LogSoftmax.at(logits, 0, 4, 1)).isNaN();
  }

  @Test
  void jsonOfEverything() throws IOException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("text", "a\"\u0001é");
    document.put("nan", Double.NaN);
    document.put("list", List.of(1, 2L, 0.5, true));
    document.put("none", null);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Json.write(document, new PrintStream(out, false, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .containsIgnoringWhitespaces(
            "{\"text\":\"a\\\"\\u0001é\",\"nan\":\"NaN\",\"list\":[1,2,0.5,true],\"none\":null}");
  }
}

package dev.mor4j.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * Streaming text, with a tokenizer whose tokens are bytes: the worst that can happen to a
 * character.
 */
class TextAssemblerTest {
  private static String decode(int[] ids, int from, int to) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = from; i < to; i++) {
      bytes.write(ids[i]);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  @Property(tries = 500, seed = "1")
  void piecesJoinToTheTextAndAreWholeCharacters(@ForAll @Size(max = 60) String text) {
    // Lone surrogates have no UTF-8 form.
    String whole = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    TextAssembler assembler = new TextAssembler(TextAssemblerTest::decode, new int[0], List.of());
    StringBuilder joined = new StringBuilder();
    for (int id : ids(whole)) {
      String piece = assembler.add(id);
      assertThat(piece).doesNotContain("\uFFFD");
      joined.append(piece);
    }
    joined.append(assembler.finish());
    assertThat(joined).hasToString(whole);
  }

  @Test
  void holdsBackWhatMayBecomeAStopString() {
    TextAssembler assembler =
        new TextAssembler(TextAssemblerTest::decode, new int[0], List.of("</s>", "END"));
    StringBuilder out = new StringBuilder();
    for (int id : ids("a </ b <</s> never")) {
      if (!assembler.stopped()) {
        String piece = assembler.add(id);
        assertThat(piece).doesNotContain("</s");
        out.append(piece);
      }
    }
    assertThat(assembler.stopped()).isTrue();
    assertThat(out.append(assembler.finish())).hasToString("a </ b <");
  }

  @Test
  void theEarliestOfSeveralStopsEndsTheText() {
    TextAssembler assembler =
        new TextAssembler(
            (ids, from, to) -> "abcdef".substring(0, Math.min(6, 6 * (to - from))),
            new int[0],
            List.of("ef", "bc"));
    assertThat(assembler.add(1)).isEqualTo("a");
    assertThat(assembler.stopped()).isTrue();
  }

  @Test
  void heldTextComesAtTheEndWhenNoStopCame() {
    TextAssembler assembler =
        new TextAssembler(TextAssemblerTest::decode, new int[0], List.of("END"));
    StringBuilder out = new StringBuilder();
    for (int id : ids("the EN")) {
      out.append(assembler.add(id));
    }
    assertThat(out).hasToString("the ");
    assertThat(out.append(assembler.finish())).hasToString("the EN");
  }

  @Test
  void aCutCharacterComesAsReplacementAtTheEnd() {
    TextAssembler assembler = new TextAssembler(TextAssemblerTest::decode, new int[0], List.of());
    assertThat(assembler.add(0xE2)).isEmpty();
    assertThat(assembler.add(0x82)).isEmpty();
    assertThat(assembler.finish()).isEqualTo("\uFFFD");
  }
}

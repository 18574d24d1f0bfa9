package dev.mor4j.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.text.codec.TokenDecoder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * Streaming text, with tokenizers whose tokens are bytes: the worst that can happen to a character.
 */
class TextAssemblerTest {
  /** Gives characters as soon as they are whole. */
  private static final class Bytes implements TokenDecoder {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int given;

    @Override
    public void add(int id, StringBuilder out) {
      bytes.write(id);
      String all = bytes.toString(StandardCharsets.UTF_8);
      int certain = all.length();
      while (certain > given && all.charAt(certain - 1) == '\uFFFD') {
        certain--;
      }
      out.append(all, given, certain);
      given = certain;
    }

    @Override
    public void finish(StringBuilder out) {
      String all = bytes.toString(StandardCharsets.UTF_8);
      out.append(all, given, all.length());
    }
  }

  /** Knows nothing before the end of a run of bytes, as byte fallback; ids from 256 on end one. */
  private static final class Runs implements TokenDecoder {
    private final ByteArrayOutputStream run = new ByteArrayOutputStream();

    @Override
    public void add(int id, StringBuilder out) {
      if (id < 256) {
        run.write(id);
      } else {
        finish(out);
        out.append((char) ('a' + id - 256));
      }
    }

    @Override
    public void finish(StringBuilder out) {
      out.append(run.toString(StandardCharsets.UTF_8));
      run.reset();
    }
  }

  private static TextAssembler assembler(String... stops) {
    return new TextAssembler(Bytes::new, new int[0], List.of(stops));
  }

  private static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  private static void assertNoHalfPair(String piece) {
    if (!piece.isEmpty()) {
      assertThat(Character.isLowSurrogate(piece.charAt(0))).isFalse();
      assertThat(Character.isHighSurrogate(piece.charAt(piece.length() - 1))).isFalse();
    }
  }

  @Property(tries = 500, seed = "1")
  void piecesJoinToTheTextAndAreWholeCharacters(@ForAll @Size(max = 60) String text) {
    // Lone surrogates have no UTF-8 form.
    String whole = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    TextAssembler assembler = assembler();
    StringBuilder joined = new StringBuilder();
    for (int id : ids(whole)) {
      String piece = assembler.add(id);
      assertNoHalfPair(piece);
      joined.append(piece);
    }
    joined.append(assembler.finish());
    assertThat(joined).hasToString(whole);
  }

  @Property(tries = 1000, seed = "2")
  void theTextGoesOnFromItsContextWhereverThatEnds(
      @ForAll @Size(max = 40) List<@IntRange(max = 260) Integer> first,
      @ForAll @Size(max = 20) List<@IntRange(min = 97, max = 260) Integer> then) {
    int[] context = first.stream().mapToInt(Integer::intValue).toArray();
    TextAssembler assembler = new TextAssembler(Runs::new, context, List.of());
    StringBuilder joined = new StringBuilder();
    List<Integer> all = new ArrayList<>(first);
    for (int id : then) {
      String piece = assembler.add(id);
      assertNoHalfPair(piece);
      joined.append(piece);
      all.add(id);
    }
    joined.append(assembler.finish());
    String before = decode(first);
    String whole = decode(all);
    int common = Arrays.mismatch(before.toCharArray(), whole.toCharArray());
    common = common < 0 ? before.length() : common;
    if (common > 0 && common < whole.length() && Character.isLowSurrogate(whole.charAt(common))) {
      common--;
    }
    assertThat(joined).hasToString(whole.substring(common));
  }

  private static String decode(List<Integer> ids) {
    Runs decoder = new Runs();
    StringBuilder text = new StringBuilder();
    ids.forEach(id -> decoder.add(id, text));
    decoder.finish(text);
    return text.toString();
  }

  @Test
  void aCharacterOverTheBorderOfPromptAndTextComesOutWhole() {
    int[] face = ids("😀");
    TextAssembler assembler =
        new TextAssembler(Bytes::new, new int[] {'a', face[0], face[1]}, List.of());
    assertThat(assembler.add(face[2])).isEmpty();
    assertThat(assembler.add(face[3])).isEqualTo("😀");
    TextAssembler whole = new TextAssembler(Runs::new, ids("é"), List.of());
    assertThat(whole.add(256)).isEqualTo("a");
  }

  @Test
  void holdsBackWhatMayBecomeAStopString() {
    TextAssembler assembler = assembler("</s>", "END");
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

  @Property(tries = 3000, seed = "3")
  void holdsBackNoMoreThanMayBecomeAStopString(
      @ForAll @Size(max = 40) List<@IntRange(min = 'a', max = 'c') Integer> text,
      @ForAll @Size(min = 1, max = 3)
          List<@Size(min = 1, max = 5) List<@IntRange(min = 'a', max = 'c') Integer>> strings,
      @ForAll @IntRange(min = 1, max = 4) int pieceLength) {
    List<String> stops = strings.stream().map(TextAssemblerTest::text).toList();
    String whole = text(text);
    StopStrings looking = new StopStrings(stops);
    StringBuilder out = new StringBuilder();
    int end = -1;
    for (int from = 0; from < whole.length() && end < 0; from += pieceLength) {
      int to = Math.min(from + pieceLength, whole.length());
      out.append(looking.add(whole.substring(from, to), 0));
      String seen = whole.substring(0, to);
      end = earliest(seen, stops);
      assertThat(out).hasToString(seen.substring(0, end >= 0 ? end : to - longest(seen, stops)));
      assertThat(looking.found()).isEqualTo(end >= 0);
    }
    out.append(looking.rest());
    assertThat(out).hasToString(end >= 0 ? whole.substring(0, end) : whole);
  }

  private static String text(List<Integer> characters) {
    StringBuilder text = new StringBuilder();
    characters.forEach(c -> text.append((char) c.intValue()));
    return text.toString();
  }

  private static int earliest(String text, List<String> stops) {
    return stops.stream().mapToInt(text::indexOf).filter(at -> at >= 0).min().orElse(-1);
  }

  /** The longest end of {@code text} that a stop string begins with. */
  private static int longest(String text, List<String> stops) {
    int longest = 0;
    for (String stop : stops) {
      for (int n = 1; n < stop.length(); n++) {
        if (text.endsWith(stop.substring(0, n))) {
          longest = Math.max(longest, n);
        }
      }
    }
    return longest;
  }

  @Test
  void theEarliestOfSeveralStopsInAPieceEndsTheText() {
    StopStrings stops = new StopStrings(List.of("ef", "bc"));
    assertThat(stops.add("abcdef", 0)).isEqualTo("a");
    assertThat(stops.found()).isTrue();
    StopStrings longer = new StopStrings(List.of("bc", "abcd"));
    assertThat(longer.add("xabcd", 0)).isEqualTo("x");
  }

  @Test
  void aStopStringOfHalfACharacterLeavesNoHalf() {
    StopStrings stops = new StopStrings(List.of("😀".substring(1)));
    assertThat(stops.add("a😀b", 0)).isEqualTo("a");
  }

  @Test
  void heldTextComesAtTheEndWhenNoStopCame() {
    TextAssembler assembler = assembler("END");
    StringBuilder out = new StringBuilder();
    for (int id : ids("the EN")) {
      out.append(assembler.add(id));
    }
    assertThat(out).hasToString("the ");
    assertThat(out.append(assembler.finish())).hasToString("the EN");
  }

  @Test
  void aCutCharacterComesAsReplacementAtTheEnd() {
    TextAssembler assembler = assembler();
    assertThat(assembler.add(0xE2)).isEmpty();
    assertThat(assembler.add(0x82)).isEmpty();
    assertThat(assembler.finish()).isEqualTo("\uFFFD");
  }
}

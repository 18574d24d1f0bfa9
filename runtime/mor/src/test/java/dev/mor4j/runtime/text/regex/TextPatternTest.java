package dev.mor4j.runtime.text.regex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Matches are those of {@code java.util.regex}, where both have the same syntax. */
class TextPatternTest {
  private static final String O200K_CASE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

  /**
   * What tokenizers have: GPT-2, Qwen, Llama 3, o200k, DeepSeek, cl100k, Kimi, Bloom, and others.
   */
  static List<String> patternsOfTokenizers() {
    return List.of(
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + O200K_CASE
            + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*"
            + O200K_CASE
            + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++(?=\\z)|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
        "[\\p{IsHan}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]*"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]+"
            + O200K_CASE
            + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
        "<\\|x\\|>|'s|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+",
        "[0-9][0-9][0-9]",
        "(\\d)(\\d)",
        "[aA]b?",
        " {2,}");
  }

  @ParameterizedTest
  @MethodSource("patternsOfTokenizers")
  void matchesAsThePlatform(String expression) {
    TextPattern pattern = TextPattern.compile(expression.replace("{IsHan}", "{Han}"));
    int flags = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE;
    Matcher expected = Pattern.compile(expression, flags).matcher("");
    Random random = new Random(expression.hashCode());
    for (int i = 0; i < 4_000; i++) {
      assertSameMatches(expected, pattern, text(random));
    }
  }

  @Test
  void randomPatternsMatchAsThePlatform() {
    Random random = new Random(3);
    int compared = 0;
    for (int i = 0; i < 30_000; i++) {
      String expression = expression(random, 4);
      TextPattern pattern;
      try {
        pattern = TextPattern.compile(expression);
      } catch (IllegalArgumentException e) {
        // An unlimited repeat of what may be empty.
        assertThat(e).hasMessageContaining("not supported");
        continue;
      }
      compared++;
      Matcher expected = Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS).matcher("");
      for (int k = 0; k < 5; k++) {
        assertSameMatches(expected, pattern, shortText(random));
      }
    }
    assertThat(compared).isGreaterThan(20_000);
  }

  private static String expression(Random random, int depth) {
    return switch (random.nextInt(depth <= 0 ? 5 : 14)) {
      case 0 -> "a";
      case 1 -> "b";
      case 2 -> "[^a]";
      case 3 -> "\u00e9";
      case 4 -> "\\s";
      case 5, 6 -> expression(random, depth - 1) + expression(random, depth - 1);
      case 7, 8 ->
          "(?:" + expression(random, depth - 1) + "|" + expression(random, depth - 1) + ")";
      case 9 ->
          "(?:"
              + expression(random, depth - 1)
              + ")"
              + List.of("*", "+", "?", "*?", "+?", "??").get(random.nextInt(6));
      case 10 ->
          List.of("[ab]", "\u00e9", "\\S").get(random.nextInt(3))
              + List.of("*+", "++", "?+").get(random.nextInt(3));
      case 11 -> "(?!" + List.of("a", "\\s", "[a\u00e9]", "\\S").get(random.nextInt(4)) + ")";
      case 12 -> "(?=" + List.of("a", "\\s", "[a\u00e9]", "\\S").get(random.nextInt(4)) + ")";
      default -> "(?:" + expression(random, depth - 1) + "){1,2}";
    };
  }

  private static void assertSameMatches(Matcher expected, TextPattern pattern, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    expected.reset(text);
    int at = 0;
    while (at <= text.length()) {
      int from = text.substring(0, at).getBytes(StandardCharsets.UTF_8).length;
      long found = pattern.find(bytes, from, bytes.length);
      expected.region(at, text.length());
      if (!expected.find()) {
        assertThat(found).as(() -> expected + " in " + text).isEqualTo(-1);
        return;
      }
      int start = text.substring(0, expected.start()).getBytes(StandardCharsets.UTF_8).length;
      int end = start + expected.group().getBytes(StandardCharsets.UTF_8).length;
      assertThat(new int[] {(int) (found >>> 32), (int) found})
          .as(() -> expected + " in " + text)
          .containsExactly(start, end);
      int next = expected.end();
      at =
          next > at || next == text.length()
              ? Math.max(next, at + (next == at ? 1 : 0))
              : at + Character.charCount(text.codePointAt(at));
    }
  }

  private static String text(Random random) {
    int[] known =
        "aabbAsSsſtT'' ''  \n\r\t.,/!ſKk012٣²一龥ぁéÉ\u0301\u0345ǅ😀𝒜𐐀()<|x>\u00a0\u2003\u0120"
            .codePoints()
            .toArray();
    StringBuilder text = new StringBuilder();
    boolean any = random.nextInt(4) == 0;
    int length = random.nextInt(30);
    for (int i = 0; i < length; i++) {
      int c = any ? random.nextInt(0x3000) : known[random.nextInt(known.length)];
      text.append(Character.toString(c).repeat(random.nextInt(6) == 0 ? random.nextInt(5) : 1));
    }
    return text.toString();
  }

  private static String shortText(Random random) {
    List<String> letters = List.of("a", "b", "\u00e9", " ", "\n", "c", "\ud83d\ude00");
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(10);
    for (int i = 0; i < length; i++) {
      text.append(letters.get(random.nextInt(letters.size())));
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(?<=a)b", "(?<!a)b", "(a)\\1", "\\bx", "^x", "(?=ab)", "(?>ab|a)c", "\\Xa"})
  void refusesByNameWhatItDoesNotDo(String expression) {
    assertThatThrownBy(() -> TextPattern.compile(expression))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not supported")
        .hasMessageContaining(expression);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(", ")", "[", "[a", "a{2,1}", "*", "\\", "\\p{L", "[b-a]", "[[:x:]]", "(?"})
  void refusesWhatIsNoExpression(String expression) {
    assertThatThrownBy(() -> TextPattern.compile(expression))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "[", "(?:", "[^"})
  void refusesDepthWithoutEnd(String opening) {
    assertThatThrownBy(() -> TextPattern.compile(opening.repeat(2000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("in each other");
  }

  /** Each part is quickly read, and all of them together would take minutes. */
  @Test
  void refusesExpressionsWithoutEnd() {
    assertThatThrownBy(() -> TextPattern.compile("(?i)" + "[^a]".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the regular expression has 400004 characters, expected at most 10000");
  }

  @Test
  void refusesRepeatsThatMultiply() {
    assertThatThrownBy(() -> TextPattern.compile("(((a{1000}){1000}){1000}){1000}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than");
  }

  @Test
  void findsAPlainText() {
    TextPattern pattern = TextPattern.literal("a.\u00e9");
    byte[] text = "aaxa.\u00e9".getBytes(StandardCharsets.UTF_8);
    assertThat(pattern.find(text, 0, text.length)).isEqualTo(3L << 32 | 7);
    assertThat(pattern.find(text, 4, text.length)).isEqualTo(-1);
  }

  /** Each beginning would look at all that follows. */
  @Test
  void searchesALongTextInVainInOneWay() {
    TextPattern pattern = TextPattern.compile("a[ab]*c|x");
    byte[] text = "ab".repeat(500_000).getBytes(StandardCharsets.UTF_8);
    assertThat(pattern.find(text, 0, text.length)).isEqualTo(-1);
    text[text.length - 2] = 'x';
    assertThat(pattern.find(text, 0, text.length))
        .isEqualTo((long) (text.length - 2) << 32 | text.length - 1);
  }

  /** The automaton of this expression has a state for each of the last 14 characters' history. */
  @Test
  void anAutomatonThatGrowsTooLargeIsDroppedAndTheMatchesStay() {
    String expression = "[ab]*a[ab]{14}c|[ab]";
    TextPattern pattern = TextPattern.compile(expression);
    Matcher expected = Pattern.compile(expression).matcher("");
    Random random = new Random(5);
    for (int i = 0; i < 20; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = 0; k < 300; k++) {
        text.append(random.nextInt(100) == 0 ? 'c' : random.nextBoolean() ? 'a' : 'b');
      }
      assertSameMatches(expected, pattern, text.toString());
    }
  }

  @Test
  void threadsShareAPattern() throws Exception {
    String expression = patternsOfTokenizers().get(3);
    TextPattern pattern = TextPattern.compile(expression);
    int flags = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> tasks =
          IntStream.range(0, 8)
              .<Future<?>>mapToObj(
                  seed ->
                      threads.submit(
                          () -> {
                            Random random = new Random(seed);
                            Matcher expected = Pattern.compile(expression, flags).matcher("");
                            for (int i = 0; i < 500; i++) {
                              assertSameMatches(expected, pattern, text(random));
                            }
                          }))
              .toList();
      for (Future<?> task : tasks) {
        task.get();
      }
    }
  }
}

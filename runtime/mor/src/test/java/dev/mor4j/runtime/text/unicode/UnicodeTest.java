package dev.mor4j.runtime.text.unicode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Every code point is what the tokenizers' library says, and texts are what follows from it. */
class UnicodeTest {
  private static final Map<String, List<int[]>> CLASSES = UnicodeTables.expectedClasses();

  @Test
  void tablesAreMadeOfTheLibrarysValues() throws IOException {
    assertThat(resource("classes.txt")).isEqualTo(UnicodeTables.classes());
    assertThat(resource("normal-forms.txt")).isEqualTo(UnicodeTables.normalForms());
  }

  @Test
  void everyCodePointIsInItsClasses() {
    assertClass("WhitespaceSplit: separator", CharacterClasses::isWhitespace);
    assertClass("Strip: blank", CharacterClasses::isWhitespace);
    assertClass("\\s", CharacterClasses::isWhitespace);
    assertClass("Digits: digit", CharacterClasses::isNumeric);
    assertClass("Punctuation: punctuation", CharacterClasses::isPunctuation);
  }

  private static void assertClass(String name, IntPredicate predicate) {
    assertThat(CLASSES).containsKey(name);
    boolean[] expected = new boolean[Character.MAX_CODE_POINT + 1];
    for (int[] range : CLASSES.get(name)) {
      java.util.Arrays.fill(expected, range[0], range[1] + 1, true);
    }
    for (int c = 0; c < expected.length; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        assertThat(predicate.test(c)).as("%s of U+%04X", name, c).isEqualTo(expected[c]);
      }
    }
  }

  @Test
  void everyCodePointHasItsNormalForms() {
    assertForm("NFC", NormalForms::nfc);
    assertForm("NFD", NormalForms::nfd);
    assertForm("NFKC", NormalForms::nfkc);
    assertForm("NFKD", NormalForms::nfkd);
    assertForm("Lowercase", NormalForms::lowercase);
  }

  private static void assertForm(String name, UnaryOperator<String> form) {
    Map<Integer, String> expected = UnicodeTables.expectedForm(name);
    assertThat(expected).hasSizeGreaterThan(1000);
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        String text = Character.toString(c);
        assertThat(form.apply(text)).isEqualTo(expected.getOrDefault(c, text));
      }
    }
  }

  @Test
  void marksMoveBeforeTheOneWithTheHighestClass() {
    Set<Integer> moving = new HashSet<>(UnicodeTables.expectedMarks());
    Map<Integer, String> decompositions = UnicodeTables.expectedForm("NFD");
    for (int c = 0x300; c <= Character.MAX_CODE_POINT; c++) {
      if ((c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
          && !decompositions.containsKey(c)) {
        String text = "a\u0345" + Character.toString(c);
        boolean moves = !NormalForms.nfd(text).equals(text);
        assertThat(moves).as("U+%04X", c).isEqualTo(moving.contains(c));
      }
    }
  }

  /** Of characters that the platform knows no better, texts have the platform's normal forms. */
  @Test
  void textsHaveThePlatformsNormalForms() {
    Random random = new Random(11);
    for (int i = 0; i < 200_000; i++) {
      String text = text(random);
      assertThat(NormalForms.nfc(text)).isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
      assertThat(NormalForms.nfd(text)).isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFD));
      assertThat(NormalForms.nfkc(text))
          .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFKC));
      assertThat(NormalForms.nfkd(text))
          .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFKD));
    }
  }

  /** Whether a character is one mark or none to both; the platform knows newer marks. */
  private static boolean isKnownAlike(int c) {
    String text = "a\u0345" + Character.toString(c) + "\u0334";
    return Normalizer.normalize(text, Normalizer.Form.NFD).equals(NormalForms.nfd(text));
  }

  private static String text(Random random) {
    int[] firsts = {0x20, 0xc0, 0x300, 0x300, 0x370, 0x5b0, 0x900, 0x1100, 0x1e00, 0xac00, 0x3040};
    int[] counts = {0x60, 0xff, 0x50, 0x70, 0x90, 0x20, 0x380, 0x100, 0x100, 0x300, 0x60};
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(12);
    for (int k = 0; k < length; k++) {
      int block = random.nextInt(firsts.length);
      // Few different letters, so that they meet.
      int within = random.nextBoolean() ? random.nextInt(counts[block]) : random.nextInt(8);
      int c = firsts[block] + within;
      if (isKnownAlike(c)) {
        text.appendCodePoint(c);
      }
    }
    return text.toString();
  }

  @Test
  void whatDoesNotChangeIsTheSameString() {
    for (String text : List.of("", "plain", "caf\u00e9", "\u6f22\u5b57 \ud83d\ude00", "\ud800")) {
      assertThat(NormalForms.nfc(text)).isSameAs(text);
      assertThat(NormalForms.lowercase(text)).isSameAs(text);
    }
  }

  @Test
  void aLongRunOfMarksIsOrderedWithoutComparingAllPairs() {
    String text = "a" + "\u0301\u0316".repeat(500_000);
    String ordered = NormalForms.nfd(text);
    assertThat(ordered).isEqualTo("a" + "\u0316".repeat(500_000) + "\u0301".repeat(500_000));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = UnicodeTable.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}

package dev.mor4j.runtime.text.regex;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Regular expressions: the input has one, a zero byte, and the text that is searched. */
class TextPatternFuzzTest {

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    String[] parts = new String(input, StandardCharsets.UTF_8).split("\0", 2);
    TextPattern pattern;
    try {
      pattern = TextPattern.compile(parts[0]);
    } catch (IllegalArgumentException e) {
      return;
    }
    String searched = parts.length > 1 ? parts[1] : "Don't, 12\u00e9 \n";
    byte[] text = searched.getBytes(StandardCharsets.UTF_8);
    int at = 0;
    while (at <= text.length) {
      long found = pattern.find(text, at, text.length);
      int begin = (int) (found >>> 32);
      int end = (int) found;
      if (found == -1) {
        break;
      }
      if (begin < at || end < begin || end > text.length) {
        throw new AssertionError("found " + begin + " to " + end + " from " + at);
      }
      at = Math.max(end, at + 1);
      while (at < text.length && (text[at] & 0xc0) == 0x80) {
        at++;
      }
    }
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+\0it's 12",
        "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s*[\\r\\n]+|\\s+(?!\\S)\0A\u00df 1234",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}&&[^x-z]]*[\\p{Ll}\\x{41}\\u00e9]+(?i:'d)?\0Ab",
        "(?:a|b)*?c{2,}(?=d)|(?>x+)|\\R|[[:alpha:]]++|(?m-i:.)\\h\\Z$|(?<n>e)(?#c)\0aabccd");
  }
}

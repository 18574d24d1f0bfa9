package dev.mor4j.runtime.text.unicode;

/**
 * Normal forms and lowercase, as the tokenizers' library has them: of an older Unicode than the
 * platform's, and always the same. Each method returns its argument where nothing changes, and
 * takes time linear in its length. A surrogate that stands alone is a code point like any other.
 *
 * @see <a href="https://www.unicode.org/reports/tr15/">Unicode Normalization Forms</a>
 */
public final class NormalForms {
  private NormalForms() {}

  /** Canonical composition. */
  public static String nfc(String text) {
    // Below U+0300 nothing changes, and nothing composes.
    return isBelow(text, 0x300)
        ? text
        : new Normalization(Decompositions.canonical(), true).normalize(text);
  }

  /** Canonical decomposition. */
  public static String nfd(String text) {
    return isBelow(text, 0xc0)
        ? text
        : new Normalization(Decompositions.canonical(), false).normalize(text);
  }

  /** Compatibility composition. */
  public static String nfkc(String text) {
    return isBelow(text, 0xa0)
        ? text
        : new Normalization(Decompositions.compatible(), true).normalize(text);
  }

  /** Compatibility decomposition. */
  public static String nfkd(String text) {
    return isBelow(text, 0xa0)
        ? text
        : new Normalization(Decompositions.compatible(), false).normalize(text);
  }

  /** Each code point in lowercase, whatever stands beside it, in no language's way. */
  public static String lowercase(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c < 0x80 ? c >= 'A' && c <= 'Z' : Decompositions.lowercase(c) != null) {
        if (out == null) {
          out = new StringBuilder(text.length() + 16).append(text, 0, i);
        }
        if (c < 0x80) {
          out.append((char) (c + 32));
        } else {
          for (int lower : Decompositions.lowercase(c)) {
            out.appendCodePoint(lower);
          }
        }
      } else if (out != null) {
        out.append(text, i, next);
      }
      i = next;
    }
    return out == null ? text : out.toString();
  }

  private static boolean isBelow(String text, int bound) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= bound) {
        return false;
      }
    }
    return true;
  }
}

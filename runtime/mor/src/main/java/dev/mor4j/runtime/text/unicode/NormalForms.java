package dev.mor4j.runtime.text.unicode;

import java.text.Normalizer;

/** Normal forms and lowercase. Each method returns its argument where nothing changes. */
public final class NormalForms {
  private NormalForms() {}

  /** Canonical composition. */
  public static String nfc(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  /** Canonical decomposition. */
  public static String nfd(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFD);
  }

  /** Compatibility composition. */
  public static String nfkc(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFKC);
  }

  /** Compatibility decomposition. */
  public static String nfkd(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFKD);
  }

  /** Each code point in lowercase, whatever stands beside it, in no language's way. */
  public static String lowercase(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c == 0x130) {
                out.append("i\u0307");
              } else {
                out.appendCodePoint(Character.toLowerCase(c));
              }
            });
    String lower = out.toString();
    return lower.equals(text) ? text : lower;
  }
}

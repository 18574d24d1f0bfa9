package dev.mor4j.runtime.text.tokenizer.normal;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Growth;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.unicode.CharacterClasses;
import dev.mor4j.runtime.text.unicode.NormalForms;
import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** The normalizers that a file names, as the Hugging Face library defines them. */
public final class Normalizers {
  private static final String KNOWN =
      "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend,"
          + " Replace, Sequence, Strip, StripAccents";

  private Normalizers() {}

  /**
   * Reads a normalizer.
   *
   * @throws ModelFormatException when its type or a setting is not known
   */
  public static Normalizer read(Settings settings) throws ModelFormatException {
    return read(settings, new Growth());
  }

  // The depth is that of the JSON, which is bounded.
  private static Normalizer read(Settings settings, Growth growth) throws ModelFormatException {
    if (settings.type().equals("Replace")) {
      growth.addReplacement(settings);
    } else {
      growth.addStep(settings);
    }
    return switch (settings.type()) {
      // Characters below U+0300 stay as they are in NFC: no lead byte of UTF-8 from 0xCC on.
      case "NFC" -> form(NormalForms::nfc, 0xCC);
      case "NFD" -> form(NormalForms::nfd, 0x80);
      case "NFKC" -> form(NormalForms::nfkc, 0x80);
      case "NFKD" -> form(NormalForms::nfkd, 0x80);
      case "Lowercase" -> Normalizers::lowercase;
      case "Prepend" -> prepend(Utf8.encode(settings.text("prepend")));
      case "Replace" -> ReplaceNormalizer.read(settings);
      case "Strip" -> strip(settings.flag("strip_left"), settings.flag("strip_right"));
      case "StripAccents" -> Normalizers::stripAccents;
      case "BertNormalizer" -> bert(settings);
      case "Nmt" -> text -> text.isEmpty() ? text : text.mapEach(Normalizers::nmt);
      case "ByteLevel" -> {
        growth.multiply(settings, 2);
        yield Normalizers::byteLevel;
      }
      case "Precompiled" -> PrecompiledNormalizer.read(settings, growth);
      case "Sequence" -> sequence(settings.objects("normalizers"), growth);
      default -> throw settings.unknownType(KNOWN);
    };
  }

  private static Normalizer sequence(List<Settings> parts, Growth growth)
      throws ModelFormatException {
    List<Normalizer> steps = new ArrayList<>();
    for (Settings part : parts) {
      steps.add(read(part, growth));
    }
    return all(steps);
  }

  private static Normalizer all(List<Normalizer> steps) {
    if (steps.isEmpty()) {
      return Normalizer.NONE;
    }
    if (steps.size() == 1) {
      return steps.getFirst();
    }
    Normalizer[] all = steps.toArray(Normalizer[]::new);
    return text -> {
      NormalizedText changed = text;
      for (Normalizer step : all) {
        changed = step.apply(changed);
      }
      return changed;
    };
  }

  /** A normal form that leaves texts alone in which each byte is below {@code firstChanged}. */
  private static Normalizer form(UnaryOperator<String> form, int firstChanged) {
    return text -> {
      for (int i = text.from(); i < text.to(); i++) {
        if ((text.bytes()[i] & 0xFF) >= firstChanged) {
          return text.map(form);
        }
      }
      return text;
    };
  }

  private static NormalizedText lowercase(NormalizedText text) {
    byte[] bytes = text.bytes();
    for (int i = text.from(); i < text.to(); i++) {
      if (bytes[i] < 0 || (bytes[i] >= 'A' && bytes[i] <= 'Z')) {
        return text.map(NormalForms::lowercase);
      }
    }
    return text;
  }

  private static Normalizer prepend(byte[] prefix) {
    return text -> {
      if (text.isEmpty()) {
        return text;
      }
      var out = new ByteText(prefix.length + text.to() - text.from());
      out.add(prefix);
      out.add(text.bytes(), text.from(), text.to());
      boolean atStart = text.startEnd() > text.from();
      return NormalizedText.of(out, atStart ? prefix.length + text.startEnd() - text.from() : 0);
    };
  }

  private static Normalizer strip(boolean left, boolean right) {
    return text -> {
      byte[] bytes = text.bytes();
      int from = text.from();
      int to = text.to();
      while (left && from < to && isWhitespace(bytes, from)) {
        from += Utf8.length(bytes[from]);
      }
      while (right && from < to && isWhitespace(bytes, Utf8.startBefore(bytes, to))) {
        to = Utf8.startBefore(bytes, to);
      }
      return new NormalizedText(bytes, from, to, Math.max(from, text.startEnd()));
    };
  }

  private static boolean isWhitespace(byte[] bytes, int index) {
    return CharacterClasses.isWhitespace(Utf8.codePointAt(bytes, index));
  }

  private static NormalizedText stripAccents(NormalizedText text) {
    return text.isAscii()
        ? text
        : text.mapEach(
            (c, out) -> {
              if (!RemovedCharacters.COMBINING_MARKS.get(c)) {
                out.addCodePoint(c);
              }
            });
  }

  private static NormalizedText byteLevel(NormalizedText text) {
    return text.mapEach(
        (c, out) -> {
          var bytes = new ByteText(4);
          bytes.addCodePoint(c);
          ByteAlphabet.write(bytes.array(), 0, bytes.size(), out);
        });
  }

  private static void nmt(int c, ByteText out) {
    if ((c >= 0x01 && c <= 0x08)
        || c == 0x0B
        || (c >= 0x0E && c <= 0x1F)
        || c == 0x7F
        || c == 0x8F
        || c == 0x9F) {
      return;
    }
    boolean blank =
        switch (c) {
          case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> true;
          default -> c >= 0x200B && c <= 0x200F;
        };
    out.addCodePoint(blank ? ' ' : c);
  }

  private static Normalizer bert(Settings settings) throws ModelFormatException {
    boolean lowercase = settings.flag("lowercase");
    List<Normalizer> steps = new ArrayList<>();
    if (settings.flag("clean_text")) {
      steps.add(text -> text.mapEach(Normalizers::bertClean));
    }
    if (settings.flag("handle_chinese_chars")) {
      steps.add(text -> text.isAscii() ? text : text.mapEach(Normalizers::bertSeparate));
    }
    if (settings.flag("strip_accents", lowercase)) {
      steps.add(form(NormalForms::nfd, 0x80));
      steps.add(text -> text.isAscii() ? text : text.mapEach(Normalizers::bertAccents));
    }
    if (lowercase) {
      steps.add(Normalizers::lowercase);
    }
    return all(steps);
  }

  private static void bertClean(int c, ByteText out) {
    if (c == '\t' || c == '\n' || c == '\r') {
      out.add(' ');
    } else if (!RemovedCharacters.BERT_CONTROLS.get(c)) {
      out.addCodePoint(CharacterClasses.isWhitespace(c) ? ' ' : c);
    }
  }

  private static void bertAccents(int c, ByteText out) {
    if (!RemovedCharacters.NONSPACING_MARKS.get(c)) {
      out.addCodePoint(c);
    }
  }

  private static void bertSeparate(int c, ByteText out) {
    if (isChinese(c)) {
      out.add(' ');
      out.addCodePoint(c);
      out.add(' ');
    } else {
      out.addCodePoint(c);
    }
  }

  // The ranges are the library's own; 0x2B920 is how it has them.
  private static boolean isChinese(int c) {
    return c >= 0x3400
        && (c <= 0x4DBF
            || (c >= 0x4E00 && c <= 0x9FFF)
            || (c >= 0xF900 && c <= 0xFAFF)
            || (c >= 0x20000 && c <= 0x2A6DF)
            || (c >= 0x2A700 && c <= 0x2B73F)
            || (c >= 0x2B740 && c <= 0x2B81F)
            || (c >= 0x2B920 && c <= 0x2CEAF)
            || (c >= 0x2F800 && c <= 0x2FA1F));
  }
}

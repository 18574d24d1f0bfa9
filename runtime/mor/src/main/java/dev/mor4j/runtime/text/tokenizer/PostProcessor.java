package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a file's post-processor puts before and behind a single text. Immutable; any thread.
 *
 * @param begin before the text
 * @param end behind the text
 */
record PostProcessor(int[] begin, int[] end) {
  private static final String KNOWN =
      "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing";

  /** In a sequence of ids: the text. */
  private static final int[] TEXT = {};

  /** Puts nothing anywhere. */
  static final PostProcessor NONE = new PostProcessor(TEXT, TEXT);

  /**
   * Reads a post-processor.
   *
   * @throws ModelFormatException when its type or a setting is not known, or it does not keep the
   *     text as one
   */
  static PostProcessor read(Settings settings) throws ModelFormatException {
    List<int[]> parts = apply(settings, List.of(TEXT));
    int text = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i) == TEXT) {
        if (text >= 0) {
          throw settings.refuse("single", "the text once");
        }
        text = i;
      }
    }
    if (text < 0) {
      throw settings.refuse("single", "the text");
    }
    return new PostProcessor(
        join(parts.subList(0, text)), join(parts.subList(text + 1, parts.size())));
  }

  private static int[] join(List<int[]> parts) {
    return parts.stream().flatMapToInt(Arrays::stream).toArray();
  }

  /** What becomes of the parts that the processors before have made. */
  private static List<int[]> apply(Settings settings, List<int[]> parts)
      throws ModelFormatException {
    switch (settings.type()) {
      case "ByteLevel":
        return parts;
      case "TemplateProcessing":
        return template(settings, parts);
      case "BertProcessing", "RobertaProcessing":
        return surround(settings.idOfPair("cls"), settings.idOfPair("sep"), parts);
      case "Sequence":
        List<int[]> processed = parts;
        for (Settings part : settings.objects("processors")) {
          processed = apply(part, processed);
        }
        return processed;
      default:
        throw settings.unknownType(KNOWN);
    }
  }

  private static List<int[]> surround(int first, int separator, List<int[]> parts) {
    List<int[]> surrounded = new ArrayList<>();
    surrounded.add(new int[] {first});
    for (int[] part : parts) {
      surrounded.add(part);
      surrounded.add(new int[] {separator});
    }
    return surrounded;
  }

  // Two parts count as two texts: so does the library where templates follow each other.
  private static List<int[]> template(Settings settings, List<int[]> parts)
      throws ModelFormatException {
    if (parts.size() > 2) {
      throw settings.refuse("type", "no template where " + parts.size() + " parts are there");
    }
    String key = parts.size() == 1 ? "single" : "pair";
    Settings tokens = settings.object("special_tokens");
    List<int[]> filled = new ArrayList<>();
    for (Settings piece : settings.objects(key)) {
      if (piece.has("SpecialToken")) {
        String name = piece.object("SpecialToken").text("id");
        if (!tokens.has(name)) {
          throw tokens.refuse(name, "the ids of this token, which is in the template");
        }
        // A copy, so that it is not the text itself where it is empty.
        filled.add(tokens.object(name).counts("ids").clone());
      } else {
        Settings sequence = piece.object("Sequence");
        int index = IntStream.range(0, 2).filter(i -> is(sequence, i)).findFirst().orElse(2);
        if (index >= parts.size()) {
          throw sequence.refuse("id", parts.size() == 1 ? "A" : "A or B");
        }
        filled.add(parts.get(index));
      }
    }
    return filled;
  }

  private static boolean is(Settings sequence, int index) {
    return String.valueOf((char) ('A' + index)).equals(sequence.value("id"));
  }
}

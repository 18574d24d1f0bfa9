package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a file's post-processor puts before and behind a single text. Immutable; any thread. */
final class PostProcessor {
  private static final String KNOWN =
      "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing";

  /** Puts nothing anywhere. */
  static final PostProcessor NONE = new PostProcessor(List.of(), List.of());

  private final int[] begin;
  private final int[] end;

  private PostProcessor(List<Part> begin, List<Part> end) {
    this.begin = join(begin);
    this.end = join(end);
  }

  private static int[] join(List<Part> parts) {
    return parts.stream().flatMapToInt(part -> Arrays.stream(part.ids())).toArray();
  }

  /** What comes before the text; a copy. */
  int[] begin() {
    return begin.clone();
  }

  /** What comes behind the text; a copy. */
  int[] end() {
    return end.clone();
  }

  /**
   * Reads a post-processor.
   *
   * @throws ModelFormatException when its type or a setting is not known, or it does not keep the
   *     text as one
   */
  static PostProcessor read(Settings settings) throws ModelFormatException {
    List<Part> parts = apply(settings, List.of(new Part(null)));
    List<Part> begin = new ArrayList<>();
    List<Part> end = new ArrayList<>();
    int texts = 0;
    for (Part part : parts) {
      if (part.isText()) {
        texts++;
      } else {
        (texts == 0 ? begin : end).add(part);
      }
    }
    if (texts != 1) {
      throw settings.unusable("type", "the text comes " + texts + " times, expected once", null);
    }
    return new PostProcessor(begin, end);
  }

  /** What becomes of the parts that the processors before have made. */
  private static List<Part> apply(Settings settings, List<Part> parts) throws ModelFormatException {
    return switch (settings.type()) {
      case "ByteLevel" -> parts;
      case "TemplateProcessing" -> template(settings, parts);
      case "BertProcessing", "RobertaProcessing" ->
          surround(settings.idOfPair("cls"), settings.idOfPair("sep"), parts);
      case "Sequence" -> {
        List<Part> processed = parts;
        for (Settings part : settings.objects("processors")) {
          processed = apply(part, processed);
        }
        yield processed;
      }
      default -> throw settings.unknownType(KNOWN);
    };
  }

  private static List<Part> surround(int first, int separator, List<Part> parts) {
    List<Part> surrounded = new ArrayList<>();
    surrounded.add(new Part(new int[] {first}));
    for (Part part : parts) {
      surrounded.add(part);
      surrounded.add(new Part(new int[] {separator}));
    }
    return surrounded;
  }

  // Two parts count as two texts: so does the library where templates follow each other.
  private static List<Part> template(Settings settings, List<Part> parts)
      throws ModelFormatException {
    if (parts.size() > 2) {
      throw settings.unusable(
          "type", "a template cannot follow what makes " + parts.size() + " parts", null);
    }
    Settings tokens = settings.object("special_tokens");
    List<Part> filled = new ArrayList<>();
    for (Settings piece : settings.objects(parts.size() == 1 ? "single" : "pair")) {
      if (piece.has("SpecialToken")) {
        String name = piece.object("SpecialToken").text("id");
        if (!tokens.has(name)) {
          throw tokens.refuse(name, "the ids of this token, which is in the template");
        }
        filled.add(new Part(tokens.object(name).counts("ids")));
      } else {
        filled.add(parts.get(index(piece.object("Sequence"), parts.size())));
      }
    }
    return filled;
  }

  private static int index(Settings sequence, int parts) throws ModelFormatException {
    String id = sequence.text("id");
    if (id.equals("A")) {
      return 0;
    }
    if (id.equals("B") && parts == 2) {
      return 1;
    }
    throw sequence.refuse("id", parts == 1 ? "A" : "A or B");
  }

  /** Ids, or the text where there are none. */
  private static final class Part {
    private final int[] ids;

    Part(int[] ids) {
      this.ids = ids;
    }

    boolean isText() {
      return ids == null;
    }

    int[] ids() {
      return ids;
    }
  }
}

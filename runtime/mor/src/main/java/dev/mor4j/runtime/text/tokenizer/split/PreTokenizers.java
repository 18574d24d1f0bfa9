package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.regex.TextPattern;
import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.settings.Growth;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.unicode.CharacterClasses;
import java.util.ArrayList;
import java.util.List;

/** The pre-tokenizers that a file names, as the Hugging Face library defines them. */
public final class PreTokenizers {
  private static final String KNOWN =
      "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation,"
          + " Sequence, Split, Whitespace, WhitespaceSplit";

  /** How GPT-2 cuts a text. */
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private final List<Settings> steps;

  private PreTokenizers(List<Settings> steps) {
    this.steps = steps;
  }

  /**
   * Reads a pre-tokenizer.
   *
   * @param settings the pre-tokenizer, or null for none
   * @throws ModelFormatException when it is not what a pre-tokenizer has to be
   */
  public static PreTokenizers read(Settings settings) throws ModelFormatException {
    List<Settings> steps = new ArrayList<>();
    if (settings != null) {
      flatten(settings, steps, new Growth());
    }
    return new PreTokenizers(steps);
  }

  // The depth is that of the JSON, which is bounded.
  private static void flatten(Settings settings, List<Settings> steps, Growth growth)
      throws ModelFormatException {
    if (settings.type().equals("Sequence")) {
      for (Settings part : settings.objects("pretokenizers")) {
        flatten(part, steps, growth);
      }
    } else {
      growth.addStep(settings);
      if (settings.type().equals("ByteLevel")) {
        growth.multiply(settings, 2);
      }
      steps.add(settings);
    }
  }

  /** Whether the last step writes a text's bytes as letters. */
  public boolean endsInLetters() throws ModelFormatException {
    return !steps.isEmpty() && steps.getLast().type().equals("ByteLevel");
  }

  /** Whether the steps only cut texts, and leave nothing out. Others may, as far as is known. */
  public boolean keepAll() throws ModelFormatException {
    for (Settings step : steps) {
      boolean keeps =
          switch (step.type()) {
            case "ByteLevel", "Digits" -> true;
            case "Split" -> Behavior.read(step, "behavior") != Behavior.REMOVED;
            default -> false;
          };
      if (!keeps) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether a Metaspace puts a space in front of texts, as newer files and older ones say it; the
   * decoder of that name asks, too.
   */
  public static boolean metaspacePrepends(Settings settings) throws ModelFormatException {
    return Metaspace.prepend(settings) != Metaspace.Prepend.NEVER;
  }

  /**
   * All steps, one behind the other, and the model behind the last.
   *
   * @param bytes whether the model takes the bytes themselves where the last step would write
   *     letters for them
   * @throws ModelFormatException when the type of a step or a setting is not known
   */
  public PieceConsumer before(PieceConsumer model, boolean bytes) throws ModelFormatException {
    PieceConsumer next = model;
    for (int i = steps.size() - 1; i >= 0; i--) {
      next = step(steps.get(i), next, bytes && i == steps.size() - 1);
    }
    return next;
  }

  private static PieceConsumer step(Settings settings, PieceConsumer next, boolean bytes)
      throws ModelFormatException {
    return switch (settings.type()) {
      case "ByteLevel" -> byteLevel(settings, bytes ? next : new ByteLetters(next));
      case "Split" ->
          Split.of(
              Finder.read(settings, "pattern"),
              Behavior.read(settings, "behavior"),
              settings.flag("invert"),
              next);
      case "Metaspace" -> Metaspace.read(settings, next);
      case "Digits" ->
          Split.of(
              Finder.character(CharacterClasses::isNumeric),
              settings.flag("individual_digits") ? Behavior.ISOLATED : Behavior.CONTIGUOUS,
              false,
              next);
      case "Punctuation" -> punctuation(settings, next);
      case "Whitespace" -> new WordSplit(next);
      case "WhitespaceSplit" -> whitespaceSplit(next);
      case "BertPreTokenizer" ->
          whitespaceSplit(Split.isolated(Finder.character(CharacterClasses::isPunctuation), next));
      case "CharDelimiterSplit" -> {
        int delimiter = settings.character("delimiter");
        yield Split.of(Finder.character(c -> c == delimiter), Behavior.REMOVED, false, next);
      }
      case "FixedLength" -> FixedLength.read(settings, next);
      default -> throw settings.unknownType(KNOWN);
    };
  }

  private static PieceConsumer byteLevel(Settings settings, PieceConsumer next)
      throws ModelFormatException {
    PieceConsumer first =
        settings.flag("use_regex", true)
            ? Split.isolated(TextPattern.compile(GPT2)::find, next)
            : next;
    return settings.flag("add_prefix_space") ? new PrefixSpace(first) : first;
  }

  private static PieceConsumer punctuation(Settings settings, PieceConsumer next)
      throws ModelFormatException {
    Behavior behavior =
        settings.has("behavior") ? Behavior.read(settings, "behavior") : Behavior.ISOLATED;
    return Split.of(Finder.character(CharacterClasses::isPunctuation), behavior, false, next);
  }

  private static PieceConsumer whitespaceSplit(PieceConsumer next) {
    return Split.of(
        Finder.character(CharacterClasses::isWhitespace), Behavior.REMOVED, false, next);
  }
}

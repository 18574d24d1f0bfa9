package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.settings.Growth;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The decoder that a file names, as the Hugging Face library defines it. */
public final class Decoders {
  private static final String KNOWN =
      "BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Sequence, Strip,"
          + " WordPiece";

  private final List<DecodeStep.Factory> steps;
  private final boolean bytes;

  private Decoders(List<DecodeStep.Factory> steps, boolean bytes) {
    this.steps = List.copyOf(steps);
    this.bytes = bytes;
  }

  /** Joins the bytes that a byte-level vocabulary's tokens stand for. */
  public static Decoders byteLevel() {
    return new Decoders(List.of(ByteLevelStep::new), true);
  }

  /**
   * Reads a decoder.
   *
   * @param settings the decoder, or null for none: then tokens are joined with spaces
   * @throws ModelFormatException when a type or a setting is not known
   */
  public static Decoders read(Settings settings) throws ModelFormatException {
    if (settings == null) {
      return new Decoders(List.of(SpacesStep::new), false);
    }
    List<DecodeStep.Factory> steps = new ArrayList<>();
    read(settings, steps, new Growth());
    boolean bytes = steps.size() == 1 && settings.type().equals("ByteLevel");
    return new Decoders(steps, bytes);
  }

  /** Whether this is nothing but {@code ByteLevel}. */
  public boolean isByteLevel() {
    return bytes;
  }

  /** The steps for one sequence of tokens. */
  public DecodeChain start() {
    return new DecodeChain(steps);
  }

  // The depth is that of the JSON, which is bounded.
  private static void read(Settings settings, List<DecodeStep.Factory> steps, Growth growth)
      throws ModelFormatException {
    if (settings.type().equals("Replace")) {
      growth.addReplacement(settings);
    } else {
      growth.addStep(settings);
    }
    switch (settings.type()) {
      case "Sequence" -> {
        for (Settings part : settings.objects("decoders")) {
          read(part, steps, growth);
        }
      }
      case "ByteLevel" -> steps.add(ByteLevelStep::new);
      case "ByteFallback" -> steps.add(ByteFallbackStep::new);
      case "Fuse" -> steps.add(FuseStep::new);
      case "Replace" -> steps.add(replace(settings));
      case "Metaspace" -> steps.add(MetaspaceStep.read(settings));
      case "Strip" -> steps.add(StripStep.read(settings));
      case "WordPiece" -> {
        String prefix = settings.text("prefix");
        boolean cleanup = settings.flag("cleanup");
        steps.add(next -> new WordPieceStep(next, prefix, cleanup));
      }
      case "BPEDecoder" -> {
        String suffix = settings.text("suffix");
        if (suffix.isEmpty()) {
          throw settings.refuse("suffix", "a text that is not empty");
        }
        steps.add(next -> new SuffixStep(next, suffix));
      }
      case "CTC" -> steps.add(CtcStep.read(settings));
      default -> throw settings.unknownType(KNOWN);
    }
  }

  private static DecodeStep.Factory replace(Settings settings) throws ModelFormatException {
    String content = settings.text("content");
    if (settings.value("pattern") instanceof Map<?, ?> pattern
        && pattern.get("String") instanceof String literal
        && !literal.isEmpty()) {
      int[] borders = ReplaceTextStep.borders(literal);
      return next -> new ReplaceTextStep(next, literal, borders, content);
    }
    Finder finder = Finder.read(settings, "pattern");
    return next -> new ReplaceMatchesStep(next, finder, content);
  }
}

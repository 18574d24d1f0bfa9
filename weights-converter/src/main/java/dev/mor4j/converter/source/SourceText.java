package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.TextConfig;
import dev.mor4j.runtime.text.bounds.TextBoundsRules;
import dev.mor4j.runtime.text.bounds.TextDecision;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import dev.mor4j.runtime.text.bounds.TextFiles;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.tokenizer.TokenizerFiles;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the files of a folder say about text. The tokenizer is opened to see that it can be.
 *
 * @param tokenizer the files of the tokenizer; empty where there is none, or none is wanted
 * @param settings the files beside it
 * @param decision what begins and ends a text, and where generation ends
 * @param warnings what the user should know, those of the decision among them
 */
public record SourceText(
    List<Path> tokenizer, List<Path> settings, TextDecision decision, List<String> warnings) {
  private static final long MAX_TOKENIZER_BYTES = 256L << 20;
  private static final long MAX_SETTINGS_BYTES = 16L << 20;

  /** The option of the command line that leaves a tokenizer out. */
  private static final String WAY_ON =
      "; the option --no-tokenizer converts the model without its tokenizer";

  public SourceText {
    tokenizer = List.copyOf(tokenizer);
    settings = List.copyOf(settings);
    warnings = List.copyOf(warnings);
  }

  /**
   * Reads the files of {@code folder}.
   *
   * @param vocabulary tokens of the model
   * @param withTokenizer whether a tokenizer is wanted; without, nothing begins or ends a text
   * @throws ModelFormatException where the tokenizer cannot be read or has something that is not
   *     supported, a file is damaged or too large, or an id is not in the model's vocabulary
   */
  public static SourceText read(Path folder, int vocabulary, boolean withTokenizer)
      throws IOException {
    List<Path> tokenizer = withTokenizer ? tokenizer(folder) : List.of();
    List<Path> settings = TextFiles.settings(folder);
    for (Path file : settings) {
      checkSize(file, MAX_SETTINGS_BYTES);
    }
    List<String> warnings = new ArrayList<>();
    TextDecision decision;
    if (tokenizer.isEmpty()) {
      decision = TextBoundsRules.withoutTokenizer(folder);
      if (withTokenizer) {
        warnings.add(
            "there is no tokenizer ("
                + TextFiles.described()
                + "), so the model takes and gives token ids only");
      }
    } else {
      TokenCodec codec = open(tokenizer);
      if (codec.idBound() > vocabulary) {
        warnings.add(
            tokenizer.getFirst().getFileName()
                + " uses "
                + codec.idBound()
                + " token ids, but vocab_size is "
                + vocabulary);
      }
      decision = TextBoundsRules.of(folder, codec);
      checkCount(folder, decision.begin());
      checkCount(folder, decision.end());
    }
    for (Decided decided :
        List.of(decision.begin(), decision.end(), decision.bos(), decision.eos())) {
      checkIds(folder, decided, vocabulary);
    }
    warnings.addAll(decision.warnings());
    return new SourceText(tokenizer, settings, decision, warnings);
  }

  /**
   * As {@link #read}, but a tokenizer that cannot be taken is a warning, and counts as none.
   *
   * @throws ModelFormatException where a file beside the tokenizer is damaged
   */
  public static SourceText readTolerantly(Path folder, int vocabulary) throws IOException {
    try {
      return read(folder, vocabulary, true);
    } catch (ModelFormatException e) {
      SourceText without = read(folder, vocabulary, false);
      List<String> warnings = new ArrayList<>(List.of(e.getMessage()));
      warnings.addAll(without.warnings());
      return new SourceText(List.of(), without.settings(), without.decision(), warnings);
    }
  }

  /** This with another decision. */
  public SourceText withDecision(TextDecision value) {
    return new SourceText(tokenizer, settings, value, warnings);
  }

  /** All files. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>(tokenizer);
    files.addAll(settings);
    return files;
  }

  /** {@code config} of a checkpoint with what was decided. */
  public ModelConfig decided(ModelConfig config) {
    ArchitectureConfig architecture =
        config.architecture().toBuilder()
            .bosTokenId(decision.bos().ids().isEmpty() ? -1 : decision.bos().ids().getFirst())
            .eosTokenIds(decision.eos().ids())
            .build();
    Optional<TextConfig> text =
        tokenizer.isEmpty()
            ? Optional.empty()
            : Optional.of(new TextConfig(decision.begin().ids(), decision.end().ids()));
    return config.withArchitecture(architecture).withText(text);
  }

  private static List<Path> tokenizer(Path folder) throws IOException {
    try {
      return TextFiles.tokenizer(folder);
    } catch (ModelFormatException e) {
      throw wayOn(e);
    }
  }

  private static TokenCodec open(List<Path> files) throws IOException {
    for (Path file : files) {
      checkSize(file, MAX_TOKENIZER_BYTES);
    }
    try {
      return TokenizerFiles.open(files.getFirst());
    } catch (ModelFormatException e) {
      throw wayOn(e);
    } catch (CharConversionException e) {
      throw wayOn(new ModelFormatException(files.getFirst(), "the file is not valid UTF-8", e));
    }
  }

  private static ModelFormatException wayOn(ModelFormatException e) {
    ModelFormatException told = new ModelFormatException(e.getMessage() + WAY_ON);
    told.initCause(e);
    return told;
  }

  private static void checkSize(Path file, long most) throws IOException {
    long bytes = Files.size(file);
    if (bytes > most) {
      throw new ModelFormatException(
          file, "the file has " + bytes + " bytes, expected at most " + most);
    }
  }

  private static void checkCount(Path folder, Decided decided) throws ModelFormatException {
    int count = decided.ids().size();
    if (count > TextConfig.MOST_IDS) {
      throw new ModelFormatException(
          folder,
          decided.source()
              + " puts "
              + count
              + " ids around a text, expected at most "
              + TextConfig.MOST_IDS);
    }
  }

  private static void checkIds(Path folder, Decided decided, int vocabulary)
      throws ModelFormatException {
    for (int id : decided.ids()) {
      if (id >= vocabulary) {
        throw new ModelFormatException(
            folder,
            decided.source()
                + " gives the id "
                + id
                + ", expected ids from 0 to "
                + (vocabulary - 1)
                + " as vocab_size says");
      }
    }
  }
}

package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.text.bounds.SpecialTokens.Named;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The rules for a checkpoint's folder; one decision, one thread. */
final class CheckpointRules {
  private static final String ADD_BOS = "add_bos_token";
  private static final String ADD_EOS = "add_eos_token";
  private static final String CLASS = "tokenizer_class";
  private static final String MODEL_TYPE = "model_type";

  private final Path folder;
  private final Optional<Settings> tokenizerConfig;
  private final TokenCodec codec;
  private final StatedIds ofGeneration;
  private final StatedIds ofModel;
  private final TokenizerClass family;
  private final String familySource;
  private final SpecialTokens tokens;
  private final Optional<Named> bosToken;
  private final Optional<Named> eosToken;
  private final List<String> warnings = new ArrayList<>();

  CheckpointRules(Path folder, Optional<Settings> config, TokenCodec codec) throws IOException {
    this.folder = folder;
    this.codec = codec;
    this.tokenizerConfig = TextBoundsRules.settings(folder.resolve(TextFiles.TOKENIZER_CONFIG));
    this.ofGeneration =
        StatedIds.read(TextBoundsRules.settings(folder.resolve(TextFiles.GENERATION_CONFIG)));
    this.ofModel = StatedIds.read(config);
    if (tokenizerConfig.isPresent() && tokenizerConfig.get().has(CLASS)) {
      family = TokenizerClass.named(tokenizerConfig.get().text(CLASS));
      familySource = said(tokenizerConfig.get(), CLASS);
    } else if (config.isPresent() && config.get().has(CLASS)) {
      family = TokenizerClass.named(config.get().text(CLASS));
      familySource = said(config.get(), CLASS);
    } else if (config.isPresent() && config.get().has(MODEL_TYPE)) {
      family = TokenizerClass.ofModel(config.get().text(MODEL_TYPE));
      familySource = said(config.get(), MODEL_TYPE);
    } else {
      family = TokenizerClass.OTHER;
      familySource = "";
    }
    this.tokens =
        new SpecialTokens(
            tokenizerConfig,
            TextBoundsRules.settings(folder.resolve(TextFiles.SPECIAL_TOKENS)),
            family,
            codec);
    this.bosToken = tokens.named(SpecialTokens.BOS);
    this.eosToken = tokens.named(SpecialTokens.EOS);
  }

  /** The tokens that the library adds to the tokenizer because its file has them not, in order. */
  List<String> missingTokens() throws ModelFormatException {
    Set<String> missing = new LinkedHashSet<>();
    for (String content : tokens.added().values()) {
      if (codec.id(content).isEmpty()) {
        missing.add(content);
      }
    }
    for (String kind : SpecialTokens.KINDS) {
      tokens
          .named(kind)
          .filter(token -> token.id().isEmpty())
          .ifPresent(token -> missing.add(token.content()));
    }
    return List.copyOf(missing);
  }

  private static String said(Settings file, String key) throws ModelFormatException {
    return TextBoundsRules.source(file, key) + " " + file.text(key);
  }

  TextDecision decide() throws IOException {
    Contradictions.between(ofGeneration, ofModel, warnings);
    Decided bos =
        ofGeneration
            .bos()
            .or(ofModel::bos)
            .or(() -> bosToken.flatMap(CheckpointRules::decided))
            .orElse(Decided.NOWHERE);
    Decided eos = eos();
    Contradictions.withToken(bosToken, bos, "a text begins with", warnings);
    Contradictions.withToken(eosToken, eos, "generation ends at", warnings);
    String file = tokenizerFile();
    Decided begin = new Decided(TextBoundsRules.list(codec.beginIds()), file);
    Decided end = new Decided(TextBoundsRules.list(codec.endIds()), file);
    boolean silent = tokenizerConfig.isEmpty() && begin.ids().isEmpty() && end.ids().isEmpty();
    boolean stated = ofGeneration.bos().isPresent() || ofModel.bos().isPresent();
    if (silent && stated) {
      begin = bos;
    } else if (family.heedsFlags() && !isForeign()) {
      begin = added(ADD_BOS, family.addsBos(), bosToken);
      end = added(ADD_EOS, false, eosToken);
    } else if (family == TokenizerClass.GPT2 && isMadeFromParts() && flag(ADD_BOS, false)) {
      begin = added(ADD_BOS, false, bosToken);
    } else {
      unheeded(ADD_BOS, begin);
      unheeded(ADD_EOS, end);
    }
    Contradictions.ofBeginning(begin, bos, warnings);
    return new TextDecision(begin, end, bos, eos, warnings);
  }

  /**
   * Where generation ends. The tokenizer's own end of text is asked last, and not at all where
   * {@code config.json} says that there is none.
   */
  private Decided eos() {
    Optional<Decided> stated = ofGeneration.eos().or(ofModel::eos);
    if (stated.isPresent() || ofModel.noEos() || ofGeneration.noEos()) {
      return stated.orElse(
          new Decided(
              List.of(),
              (ofModel.noEos() ? "config.json: " : TextFiles.GENERATION_CONFIG + ": ")
                  + StatedIds.EOS));
    }
    return eosToken.flatMap(CheckpointRules::decided).orElse(Decided.NOWHERE);
  }

  private static Optional<Decided> decided(Named token) {
    return token.id().isPresent()
        ? Optional.of(new Decided(List.of(token.id().getAsInt()), token.source()))
        : Optional.empty();
  }

  /**
   * Whether only the model's type speaks for a class whose first token this vocabulary has not. The
   * tokenizer is another one then, and its post-processor counts.
   */
  private boolean isForeign() {
    return tokenizerConfig.isEmpty() && bosToken.map(bos -> bos.id().isEmpty()).orElse(true);
  }

  /** Whether the library would convert the tokenizer, which keeps another processor then. */
  private boolean isMadeFromParts() throws IOException {
    List<Path> files = TextFiles.tokenizer(folder);
    return !files.isEmpty() && files.getFirst().endsWith(TextFiles.VOCABULARY);
  }

  private String tokenizerFile() throws IOException {
    List<Path> files = TextFiles.tokenizer(folder);
    return (files.isEmpty() ? "the tokenizer" : files.getFirst().getFileName())
        + ": post-processor";
  }

  private Decided added(String key, boolean otherwise, Optional<Named> token)
      throws ModelFormatException {
    boolean said = tokenizerConfig.isPresent() && tokenizerConfig.get().keys().contains(key);
    String source = said ? TextBoundsRules.source(tokenizerConfig.get(), key) : familySource;
    if (!flag(key, otherwise)) {
      return new Decided(List.of(), source);
    }
    Optional<Decided> id = token.flatMap(CheckpointRules::decided);
    if (id.isEmpty()) {
      warnings.add(
          source
              + " adds a token to every text, but "
              + token
                  .map(t -> '"' + t.content() + "\" (" + t.source() + ") is not in the vocabulary")
                  .orElse("no file says which")
              + "; nothing is added");
    }
    return new Decided(id.map(Decided::ids).orElse(List.of()), source);
  }

  /** The library passes a null on, and a null is false to it. */
  private boolean flag(String key, boolean otherwise) throws ModelFormatException {
    if (tokenizerConfig.isEmpty() || !tokenizerConfig.get().keys().contains(key)) {
      return otherwise;
    }
    return tokenizerConfig.get().flag(key, false);
  }

  private void unheeded(String key, Decided decided) throws ModelFormatException {
    if (tokenizerConfig.isPresent()
        && tokenizerConfig.get().has(key)
        && tokenizerConfig.get().flag(key) == decided.ids().isEmpty()) {
      warnings.add(
          TextBoundsRules.source(tokenizerConfig.get(), key)
              + " is "
              + tokenizerConfig.get().flag(key)
              + ", which has no effect "
              + (familySource.isEmpty() ? "without a class" : "with " + familySource)
              + "; what counts is "
              + decided.source()
              + ", "
              + decided.ids());
    }
  }
}

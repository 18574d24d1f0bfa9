package dev.mor4j.converter;

import dev.mor4j.converter.source.SourceText;
import dev.mor4j.runtime.text.bounds.TextDecision;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import java.util.List;

/**
 * What a folder says about text.
 *
 * @param tokenizer names of the tokenizer's files; empty where there is none
 * @param begin what is put before a text
 * @param end what is put behind a finished text
 * @param bos the token that the model calls the beginning of a text, one id or none
 * @param generationEnd where generation ends
 * @param warnings contradictions, and a tokenizer that cannot be read
 */
public record TextInspection(
    List<String> tokenizer, Ids begin, Ids end, Ids bos, Ids generationEnd, List<String> warnings) {

  /**
   * Token ids, and why these.
   *
   * @param ids may be empty
   * @param source file and key, such as {@code tokenizer_config.json: add_bos_token}
   */
  public record Ids(List<Integer> ids, String source) {
    public Ids {
      ids = List.copyOf(ids);
    }
  }

  public TextInspection {
    tokenizer = List.copyOf(tokenizer);
    warnings = List.copyOf(warnings);
  }

  static TextInspection of(SourceText text) {
    TextDecision decision = text.decision();
    return new TextInspection(
        text.tokenizer().stream().map(file -> file.getFileName().toString()).toList(),
        ids(decision.begin()),
        ids(decision.end()),
        ids(decision.bos()),
        ids(decision.eos()),
        text.warnings());
  }

  private static Ids ids(Decided decided) {
    return new Ids(decided.ids(), decided.source());
  }
}

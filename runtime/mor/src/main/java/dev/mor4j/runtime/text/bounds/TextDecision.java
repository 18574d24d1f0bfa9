package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.text.codec.TextBounds;
import java.util.List;
import java.util.Objects;

/**
 * What begins and ends a text, where generation ends, and which file says so.
 *
 * @param begin put before a text
 * @param end put behind a finished text, and never behind a prompt
 * @param bos the token that the model calls the beginning of a text, one id or none
 * @param eos where generation ends, any number of ids
 * @param warnings contradictions between the files, and settings that have no effect
 */
public record TextDecision(
    Decided begin, Decided end, Decided bos, Decided eos, List<String> warnings) {

  /**
   * Ids, and why these.
   *
   * @param ids in their order; may be empty
   * @param source file and key, such as {@code tokenizer_config.json: add_bos_token}
   */
  public record Decided(List<Integer> ids, String source) {
    /** What no file says anything about. */
    static final Decided NOWHERE = new Decided(List.of(), "no file says it");

    public Decided {
      ids = List.copyOf(ids);
      Objects.requireNonNull(source, "source");
    }
  }

  public TextDecision {
    Objects.requireNonNull(begin, "begin");
    Objects.requireNonNull(end, "end");
    Objects.requireNonNull(bos, "bos");
    Objects.requireNonNull(eos, "eos");
    warnings = List.copyOf(warnings);
  }

  /** The ids around a text. */
  public TextBounds bounds() {
    return new TextBounds(array(begin), array(end));
  }

  private static int[] array(Decided decided) {
    return decided.ids().stream().mapToInt(Integer::intValue).toArray();
  }
}

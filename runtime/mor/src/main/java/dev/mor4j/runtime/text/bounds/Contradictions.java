package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.text.bounds.SpecialTokens.Named;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/** What the files of a folder say of the same thing, and differently. */
final class Contradictions {
  private Contradictions() {}

  /** Where {@code generation_config.json}, which counts, and {@code config.json} differ. */
  static void between(StatedIds ofGeneration, StatedIds ofModel, List<String> warnings) {
    differ(ofGeneration.bos(), ofModel.bos(), warnings);
    differ(ofGeneration.eos(), ofModel.eos(), warnings);
  }

  private static void differ(
      Optional<Decided> counts, Optional<Decided> other, List<String> warnings) {
    if (counts.isPresent()
        && other.isPresent()
        && !new HashSet<>(counts.get().ids()).equals(new HashSet<>(other.get().ids()))) {
      warnings.add(
          counts.get().source()
              + " is "
              + counts.get().ids()
              + ", but "
              + other.get().source()
              + " is "
              + other.get().ids()
              + "; the former counts");
    }
  }

  /** Where what is put before a text is not what a file calls its beginning. */
  static void ofBeginning(Decided begin, Decided bos, List<String> warnings) {
    if (!begin.ids().isEmpty()
        && !bos.ids().isEmpty()
        && !begin.ids().contains(bos.ids().getFirst())) {
      warnings.add(
          "texts begin with "
              + begin.ids()
              + " ("
              + begin.source()
              + "), but "
              + bos.source()
              + " is "
              + bos.ids());
    }
  }

  /** Where a token that the tokenizer declares is not among {@code decided}. */
  static void withToken(
      Optional<Named> token, Decided decided, String meaning, List<String> warnings) {
    if (token.isEmpty() || !token.get().declared() || decided.ids().isEmpty()) {
      return;
    }
    Named named = token.get();
    if (named.id().isEmpty()) {
      warnings.add(
          named.source()
              + " is \""
              + named.content()
              + "\", which is not in the vocabulary; "
              + decided.source()
              + " counts, "
              + decided.ids());
    } else if (!decided.ids().contains(named.id().getAsInt())) {
      warnings.add(
          named.source()
              + " is \""
              + named.content()
              + "\" ("
              + named.id().getAsInt()
              + "), but "
              + decided.source()
              + " says that "
              + meaning
              + " "
              + decided.ids());
    }
  }
}

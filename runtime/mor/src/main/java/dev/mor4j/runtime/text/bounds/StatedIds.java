package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code bos_token_id} and {@code eos_token_id} of {@code generation_config.json} or {@code
 * config.json}: a number, a list of numbers, or nothing.
 *
 * @param bos empty where the file does not say one
 * @param eos empty where the file does not say any
 * @param noEos whether the file says that nothing ends a text, by a null
 */
record StatedIds(Optional<Decided> bos, Optional<Decided> eos, boolean noEos) {
  static final String BOS = "bos_token_id";
  static final String EOS = "eos_token_id";

  /** More ends than any model has. */
  private static final int MOST_IDS = 4096;

  private static final StatedIds NOTHING = new StatedIds(Optional.empty(), Optional.empty(), false);

  static StatedIds read(Optional<Settings> file) throws ModelFormatException {
    if (file.isEmpty()) {
      return NOTHING;
    }
    Settings settings = file.get();
    boolean noEos = settings.keys().contains(EOS) && settings.raw(EOS) == null;
    return new StatedIds(ids(settings, BOS, 1), ids(settings, EOS, MOST_IDS), noEos);
  }

  private static Optional<Decided> ids(Settings settings, String key, int most)
      throws ModelFormatException {
    Object value = settings.raw(key);
    List<?> values =
        value == null ? List.of() : value instanceof List<?> list ? list : List.of(value);
    if (values.size() > most) {
      throw settings.wrong(key, most == 1 ? "one token id" : "at most " + most + " token ids");
    }
    List<Integer> ids = new ArrayList<>();
    for (Object id : values) {
      ids.add(id(settings, key, id));
    }
    return ids.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Decided(ids.stream().distinct().toList(), TextBoundsRules.source(settings, key)));
  }

  private static int id(Settings settings, String key, Object value) throws ModelFormatException {
    if (value instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw settings.wrong(key, key.equals(BOS) ? "a token id" : "a token id or a list of them");
  }
}

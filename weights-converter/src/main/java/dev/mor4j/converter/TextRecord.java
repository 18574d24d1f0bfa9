package dev.mor4j.converter;

import dev.mor4j.converter.source.SourceText;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.text.bounds.TextDecision;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code conversion.json} says about text: which ids were decided on, and from which file. */
final class TextRecord {
  /** The key of the section. */
  static final String KEY = "text";

  private static final long MOST_BYTES = 16 << 20;

  private TextRecord() {}

  static Map<String, Object> describe(SourceText text) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(
        "tokenizer", text.tokenizer().stream().map(file -> file.getFileName().toString()).toList());
    TextDecision decision = text.decision();
    json.put("begin", describe(decision.begin()));
    json.put("end", describe(decision.end()));
    json.put("bos", describe(decision.bos()));
    json.put("generation_end", describe(decision.eos()));
    return json;
  }

  private static Map<String, Object> describe(Decided decided) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ids", decided.ids());
    json.put("from", decided.source());
    return json;
  }

  /**
   * {@code decision} of a converted model, with the files that it was made from where the model's
   * {@code conversion.json} knows them and agrees about the ids.
   */
  static TextDecision traced(Path folder, TextDecision decision) throws IOException {
    Path record = folder.resolve(OutputFolder.REPORT);
    if (!Files.isRegularFile(record)
        || !(StrictJson.read(record, MOST_BYTES).get(KEY) instanceof Map<?, ?> text)) {
      return decision;
    }
    return new TextDecision(
        traced(text.get("begin"), decision.begin()),
        traced(text.get("end"), decision.end()),
        traced(text.get("bos"), decision.bos()),
        traced(text.get("generation_end"), decision.eos()),
        decision.warnings());
  }

  private static Decided traced(Object recorded, Decided decided) {
    if (!(recorded instanceof Map<?, ?> map)
        || !(map.get("from") instanceof String source)
        || !(map.get("ids") instanceof List<?> ids)) {
      return decided;
    }
    List<Long> expected = decided.ids().stream().map(Integer::longValue).toList();
    return ids.equals(expected) ? new Decided(decided.ids(), source) : decided;
  }
}

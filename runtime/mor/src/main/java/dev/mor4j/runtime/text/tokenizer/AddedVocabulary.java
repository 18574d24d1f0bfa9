package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.added.AddedToken;
import dev.mor4j.runtime.text.tokenizer.settings.JsonFile;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The added tokens of a file, with the ids that the Hugging Face library gives them: that of the
 * vocabulary where it has the token, otherwise the next one behind the vocabulary. The ids that the
 * file states count for nothing there.
 */
final class AddedVocabulary {
  /** Most characters of all added tokens together. They become an automaton, state by state. */
  private static final int MAX_CHARACTERS = 4 << 20;

  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, AddedToken> byId = new LinkedHashMap<>();
  private final Set<String> special = new HashSet<>();
  // What is looked for, in the order in which the library does.
  private final List<AddedToken> specialTokens = new ArrayList<>();
  private final List<AddedToken> otherTokens = new ArrayList<>();

  /** Gives each token its id, in the order of the file. */
  AddedVocabulary(List<AddedToken> tokens, Vocabulary vocabulary) {
    for (AddedToken token : tokens) {
      if (token.special() && !token.content().isEmpty() && special.add(token.content())) {
        specialTokens.add(token);
      }
    }
    Set<AddedToken> known = new HashSet<>();
    int maxId = -1;
    for (AddedToken token : tokens) {
      String content = token.content();
      AddedToken withoutId = token.withId(0);
      if (content.isEmpty() || !known.add(withoutId)) {
        continue;
      }
      int id = ids.getOrDefault(content, vocabulary.id(content));
      if (id < 0) {
        id = Math.max(maxId + 1, vocabulary.size());
      }
      maxId = Math.max(maxId, id);
      ids.put(content, id);
      AddedToken before = byId.put(id, token.withId(id));
      if (before != null) {
        known.remove(before.withId(0));
      }
      if (!special.contains(content)) {
        otherTokens.add(token);
      }
    }
  }

  /** The tokens that are looked for in texts as they are, or in normalized ones. */
  List<AddedToken> tokens(boolean normalized) {
    List<AddedToken> found = new ArrayList<>();
    for (List<AddedToken> tokens : List.of(specialTokens, otherTokens)) {
      for (AddedToken token : tokens) {
        if (token.normalized() == normalized) {
          // Where one content has several settings, the last ones count.
          AddedToken last = byId.get(ids.get(token.content()));
          found.add(isSpecial(last.content()) ? last.asSpecial() : last);
        }
      }
    }
    return found;
  }

  /** Whether a token that is written so is special. */
  boolean isSpecial(String content) {
    return special.contains(content);
  }

  /** All added tokens by id. */
  Map<Integer, AddedToken> byId() {
    return byId;
  }

  /** The id of the added token that is written so, or null. */
  Integer id(String content) {
    return ids.get(content);
  }

  /** Reads the array at which the parser stands. */
  static List<AddedToken> read(JsonFile json) throws IOException {
    List<AddedToken> tokens = new ArrayList<>();
    if (json.parser().currentToken() == JsonToken.VALUE_NULL) {
      return tokens;
    }
    if (json.parser().currentToken() != JsonToken.START_ARRAY) {
      throw json.refuse("added_tokens", "an array");
    }
    long characters = 0;
    while (json.next() != JsonToken.END_ARRAY) {
      String where = "added_tokens[" + tokens.size() + "]";
      AddedToken token = read(Settings.of(json.file(), where, json.valueOutsideComponents()));
      characters += token.content().length();
      if (characters > MAX_CHARACTERS || tokens.size() > RawVocabulary.MAX_ID) {
        throw new ModelFormatException(
            json.file(),
            "added_tokens: they have more than " + MAX_CHARACTERS + " characters together");
      }
      tokens.add(token);
    }
    return tokens;
  }

  private static AddedToken read(Settings settings) throws ModelFormatException {
    return new AddedToken(
        settings.count("id"),
        settings.text("content"),
        settings.flag("special"),
        settings.flag("lstrip"),
        settings.flag("rstrip"),
        settings.flag("single_word"),
        settings.flag("normalized"));
  }
}

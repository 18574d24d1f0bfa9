package dev.mor4j.runtime.text.tokenizer.added;

import dev.mor4j.runtime.text.unicode.CharacterClasses;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.utf8.WordCharacters;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Finds added tokens in a text, as the Hugging Face library does: leftmost, longest, then what
 * their settings say. Immutable; any thread.
 */
public final class AddedTokenMatcher {
  /** Most bytes of all tokens together, each of which may be a state of the automaton. */
  private static final int MAX_BYTES = 16 << 20;

  private final AddedToken[] tokens;
  private final TextAutomaton automaton;
  private final boolean onlySpecial;

  private AddedTokenMatcher(List<AddedToken> tokens, List<byte[]> texts) {
    this.tokens = tokens.toArray(AddedToken[]::new);
    automaton = new TextAutomaton(texts);
    onlySpecial = tokens.stream().allMatch(AddedToken::special);
  }

  /**
   * Finds these tokens.
   *
   * @param form how a token is written in the texts that will be searched, in UTF-8. A token of
   *     which nothing is left is not found
   * @throws IllegalArgumentException when they are too long together
   */
  public static AddedTokenMatcher of(List<AddedToken> tokens, Function<AddedToken, byte[]> form) {
    List<AddedToken> found = new ArrayList<>();
    List<byte[]> texts = new ArrayList<>();
    long bytes = 0;
    for (AddedToken token : tokens) {
      byte[] text = form.apply(token);
      bytes += text.length;
      if (bytes > MAX_BYTES) {
        throw new IllegalArgumentException(
            "the added tokens have more than " + MAX_BYTES + " bytes together");
      }
      if (text.length > 0) {
        found.add(token);
        texts.add(text);
      }
    }
    return new AddedTokenMatcher(found, texts);
  }

  /**
   * Whether no text has a token that could be found.
   *
   * @param parseSpecial whether special tokens are looked for
   */
  public boolean isEmpty(boolean parseSpecial) {
    return tokens.length == 0 || (onlySpecial && !parseSpecial);
  }

  /**
   * The tokens in {@code text[from, to)}.
   *
   * @param parseSpecial whether special tokens are looked for; otherwise they are found and passed
   *     over, so that no other token is found inside
   */
  public Search search(byte[] text, int from, int to, boolean parseSpecial) {
    return new Search(text, from, to, parseSpecial);
  }

  /** The tokens in one text, one behind the other. One thread. */
  public final class Search {
    private final byte[] text;
    private final int from;
    private final int to;
    private final boolean parseSpecial;
    private int at;
    private int taken;
    private int start;
    private int end;
    private int id;
    // Blanks that were found behind a token: up to here.
    private int blanksEnd;

    private Search(byte[] text, int from, int to, boolean parseSpecial) {
      this.text = text;
      this.from = from;
      this.to = to;
      this.parseSpecial = parseSpecial;
      at = from;
      taken = from;
    }

    /** Goes to the next token; false where there is none. */
    public boolean next() {
      taken = end > 0 ? end : from;
      while (true) {
        long match = automaton.find(text, at, to);
        if (match < 0) {
          return false;
        }
        at = TextAutomaton.end(match);
        AddedToken token = tokens[TextAutomaton.text(match)];
        int first = automaton.start(match);
        boolean counts =
            (parseSpecial || !token.special()) && (!token.singleWord() || isWord(first, at));
        if (counts) {
          id = token.id();
          start = token.leftStrip() ? blanksBefore(first) : first;
          end = token.rightStrip() ? blanksBehind(at) : at;
          return true;
        }
      }
    }

    /** The token's id. */
    public int id() {
      return id;
    }

    /** Where the text begins that lies between the token before and this one. */
    public int taken() {
      return taken;
    }

    /**
     * Where the token begins, with the blanks that belong to it. Before {@link #taken()} where the
     * token before took the blanks of which this one consists.
     */
    public int start() {
      return start;
    }

    /** Where the token ends, with the blanks that belong to it. */
    public int end() {
      return end;
    }

    private boolean isWord(int first, int behind) {
      return (first == from
              || !WordCharacters.contains(Utf8.codePointAt(text, Utf8.startBefore(text, first))))
          && (behind == to || !WordCharacters.contains(Utf8.codePointAt(text, behind)));
    }

    private int blanksBefore(int first) {
      int blanks = first;
      while (blanks > taken) {
        int before = Utf8.startBefore(text, blanks);
        if (!CharacterClasses.isWhitespace(Utf8.codePointAt(text, before))) {
          break;
        }
        blanks = before;
      }
      // A token before may have taken more than the text up to here.
      return Math.max(blanks, taken);
    }

    private int blanksBehind(int behind) {
      int blanks = Math.max(behind, blanksEnd);
      while (blanks < to && CharacterClasses.isWhitespace(Utf8.codePointAt(text, blanks))) {
        blanks += Utf8.length(text[blanks]);
      }
      blanksEnd = blanks;
      return blanks;
    }
  }
}

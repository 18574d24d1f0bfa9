package dev.mor4j.runtime;

import dev.mor4j.runtime.template.RenderedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Token ids of a rendered conversation. A conversation without special tokens in its messages, as
 * nearly all are, is encoded as one text. Otherwise the text is cut at the special tokens that the
 * template wrote, and the parts in which others stand are encoded as text.
 */
final class ChatTokens {
  private static final EncodingOptions SPECIAL = EncodingOptions.textOnly().withParseSpecial(true);
  private static final EncodingOptions PLAIN = EncodingOptions.textOnly();

  /** A special token that stands in a text, and whether all of it is the template's. */
  private record Found(int begin, int end, boolean own) {}

  private ChatTokens() {}

  static int[] encode(RenderedText rendered, Tokenizer tokenizer) {
    String text = rendered.text();
    List<Found> found = find(rendered, tokenizer);
    if (found.stream().allMatch(Found::own)) {
      return tokenizer.encode(text, SPECIAL);
    }
    int[] ids = new int[0];
    int begin = 0;
    boolean plain = false;
    for (Found each : found) {
      if (!each.own()) {
        plain = true;
        continue;
      }
      ids = joined(ids, part(text, begin, each.begin(), plain, tokenizer));
      ids = joined(ids, part(text, each.begin(), each.end(), false, tokenizer));
      begin = each.end();
      plain = false;
    }
    return joined(ids, part(text, begin, text.length(), plain, tokenizer));
  }

  private static int[] part(String text, int begin, int end, boolean plain, Tokenizer tokenizer) {
    return begin == end
        ? new int[0]
        : tokenizer.encode(text.substring(begin, end), plain ? PLAIN : SPECIAL);
  }

  /** The special tokens in the text, leftmost first, and of those at one place the longest. */
  private static List<Found> find(RenderedText rendered, Tokenizer tokenizer) {
    String text = rendered.text();
    List<String> tokens = tokenizer.specialTokens();
    int[] next = new int[tokens.size()];
    for (int i = 0; i < next.length; i++) {
      next[i] = text.indexOf(tokens.get(i));
    }
    List<Found> found = new ArrayList<>();
    int from = 0;
    while (true) {
      int best = -1;
      for (int i = 0; i < next.length; i++) {
        if (next[i] >= 0 && next[i] < from) {
          next[i] = text.indexOf(tokens.get(i), from);
        }
        if (next[i] >= 0
            && (best < 0
                || next[i] < next[best]
                || (next[i] == next[best] && tokens.get(i).length() > tokens.get(best).length()))) {
          best = i;
        }
      }
      if (best < 0) {
        return found;
      }
      int end = next[best] + tokens.get(best).length();
      found.add(new Found(next[best], end, isOwn(rendered, next[best], end)));
      from = end;
    }
  }

  private static boolean isOwn(RenderedText rendered, int begin, int end) {
    return rendered.given().stream().noneMatch(span -> span.begin() < end && begin < span.end());
  }

  private static int[] joined(int[] ids, int[] more) {
    int[] all = Arrays.copyOf(ids, ids.length + more.length);
    System.arraycopy(more, 0, all, ids.length, more.length);
    return all;
  }
}

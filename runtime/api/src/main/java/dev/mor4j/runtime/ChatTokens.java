package dev.mor4j.runtime;

import dev.mor4j.runtime.template.RenderedText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Token ids of a rendered conversation. A conversation without special tokens in its messages, as
 * nearly all are, is encoded as one text. Otherwise the text is cut at the special tokens that the
 * template wrote, and the parts in which others stand are encoded as text.
 */
final class ChatTokens {
  private static final EncodingOptions SPECIAL = EncodingOptions.textOnly().withParseSpecial(true);
  private static final EncodingOptions PLAIN = EncodingOptions.textOnly();

  /** A special token that stands in a text, and whether it is the template's. */
  private record Found(String token, int begin, int end, boolean own) {}

  private final RenderedText rendered;
  private final Set<String> roles;
  private final Tokenizer tokenizer;

  private ChatTokens(RenderedText rendered, Set<String> roles, Tokenizer tokenizer) {
    this.rendered = rendered;
    this.roles = roles;
    this.tokenizer = tokenizer;
  }

  /**
   * Encodes what {@code messages} were rendered to.
   *
   * @param messages whose roles a template may make its special tokens of
   */
  static int[] encode(RenderedText rendered, List<Map<String, ?>> messages, Tokenizer tokenizer) {
    Set<String> roles = new HashSet<>();
    for (Map<String, ?> message : messages) {
      if (message.get("role") instanceof String role) {
        roles.add(comparable(role));
      }
    }
    return new ChatTokens(rendered, roles, tokenizer).encode();
  }

  private int[] encode() {
    List<Found> found = find();
    boolean allOwn = found.stream().allMatch(Found::own);
    if (!allOwn) {
      return encodeParts(found);
    }
    int[] whole = tokenizer.encode(rendered.text(), SPECIAL);
    int[] written =
        found.stream().mapToInt(each -> tokenizer.specialToken(each.token()).orElse(-1)).toArray();
    // Others are found, too, where the normalized text has a token that the text itself has not.
    return Arrays.equals(special(whole), written) || !hidesSpecial(found)
        ? whole
        : encodeParts(found);
  }

  /** Cuts at the template's own tokens. */
  private int[] encodeParts(List<Found> found) {
    int[] ids = new int[0];
    int begin = 0;
    boolean plain = false;
    for (Found each : found) {
      if (!each.own()) {
        plain = true;
        continue;
      }
      ids = joined(ids, part(begin, each.begin(), plain));
      ids = joined(ids, encode(each.begin(), each.end(), SPECIAL));
      begin = each.end();
      plain = false;
    }
    return joined(ids, part(begin, rendered.text().length(), plain));
  }

  private int[] part(int begin, int end, boolean plain) {
    return encode(begin, end, plain || hidesSpecial(begin, end) ? PLAIN : SPECIAL);
  }

  private int[] encode(int begin, int end, EncodingOptions options) {
    return begin == end
        ? new int[0]
        : tokenizer.encode(rendered.text().substring(begin, end), options);
  }

  /** Whether that is so for a part between the tokens found, which all are the template's. */
  private boolean hidesSpecial(List<Found> found) {
    int begin = 0;
    for (Found each : found) {
      if (hidesSpecial(begin, each.begin())) {
        return true;
      }
      begin = each.end();
    }
    return hidesSpecial(begin, rendered.text().length());
  }

  /** Whether a part with text of messages has special tokens that only the tokenizer sees. */
  private boolean hidesSpecial(int begin, int end) {
    return given(begin, end).findAny().isPresent()
        && !Arrays.equals(special(encode(begin, end, SPECIAL)), special(encode(begin, end, PLAIN)));
  }

  private int[] special(int[] ids) {
    return Arrays.stream(ids).filter(tokenizer::isSpecial).toArray();
  }

  /** The special tokens in the text, leftmost first, and of those at one place the longest. */
  private List<Found> find() {
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
      found.add(new Found(tokens.get(best), next[best], end, isOwn(next[best], end)));
      from = end;
    }
  }

  /**
   * Whether the template wrote all of a token, or all but a role, as in {@code '<|' + role + '|>'}.
   * A role that brings more than a name, such as an end and another begin, is not in between.
   */
  private boolean isOwn(int begin, int end) {
    return given(begin, end)
        .allMatch(span -> begin < span.begin() && span.end() < end && isRole(span));
  }

  private Stream<RenderedText.Span> given(int begin, int end) {
    return rendered.given().stream().filter(span -> span.begin() < end && begin < span.end());
  }

  private boolean isRole(RenderedText.Span span) {
    return roles.contains(comparable(rendered.text().substring(span.begin(), span.end())));
  }

  /** Templates trim roles, and write them in other cases. */
  private static String comparable(String role) {
    return role.strip().toLowerCase(Locale.ROOT);
  }

  private static int[] joined(int[] ids, int[] more) {
    int[] all = Arrays.copyOf(ids, ids.length + more.length);
    System.arraycopy(more, 0, all, ids.length, more.length);
    return all;
  }
}

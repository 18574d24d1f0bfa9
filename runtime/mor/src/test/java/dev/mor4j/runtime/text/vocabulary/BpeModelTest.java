package dev.mor4j.runtime.text.vocabulary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Random vocabularies against the definition, written down as plainly as it can be. */
class BpeModelTest {
  private static final List<String> LETTERS =
      List.of("a", "b", "c", " ", "\n", "\u2581", "\u00e9", "\ud83d\ude00");

  /** Tokens, merges, and the definition's way of cutting. */
  private static final class Definition {
    final Map<String, Integer> ids = new HashMap<>();
    final List<String[]> merges = new ArrayList<>();
    final BpeConfig config;

    Definition(Random random, BpeConfig config) {
      this.config = config;
      ids.put("<unk>", 0);
      List<String> tokens = new ArrayList<>();
      for (String letter : LETTERS) {
        for (String prefix : List.of("", config.prefix())) {
          for (String suffix : List.of("", config.suffix())) {
            String token = prefix + letter + suffix;
            if (random.nextInt(8) > 0 && ids.putIfAbsent(token, ids.size()) == null) {
              tokens.add(token);
            }
          }
        }
      }
      if (config.byteFallback()) {
        for (int b = 0; b < 256; b++) {
          String token = String.format(Locale.ROOT, "<0x%02X>", b);
          if (random.nextInt(60) > 0) {
            ids.put(token, ids.size());
            // Now and then merges of such tokens, too.
            if (random.nextInt(40) == 0) {
              tokens.add(token);
            }
          }
        }
      }
      for (int i = 0; i < 60 && !tokens.isEmpty(); i++) {
        String left = tokens.get(random.nextInt(tokens.size()));
        String right = tokens.get(random.nextInt(tokens.size()));
        if (!right.startsWith(config.prefix()) || (left + right).length() > 60) {
          continue;
        }
        String token = left + right.substring(config.prefix().length());
        if (ids.putIfAbsent(token, ids.size()) == null) {
          tokens.add(token);
        }
        merges.add(new String[] {left, right});
      }
    }

    BpeModel model() {
      TokenTable table = new TokenTable(16);
      ids.forEach(
          (token, id) -> {
            byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
            table.add(bytes, 0, bytes.length, id);
          });
      BpeModel.Builder builder = BpeModel.builder(config, table);
      for (String[] merge : merges) {
        byte[] pair = (merge[0] + merge[1]).getBytes(StandardCharsets.UTF_8);
        int middle = merge[0].getBytes(StandardCharsets.UTF_8).length;
        builder.add(builder.find(pair, 0, middle, pair.length));
      }
      return builder.build();
    }

    List<Integer> cut(String text) {
      if (text.isEmpty()) {
        return List.of();
      }
      if (config.ignoreMerges() && ids.containsKey(text)) {
        return List.of(ids.get(text));
      }
      List<Integer> symbols = begin(text);
      Map<List<Integer>, int[]> ranks = new HashMap<>();
      for (int i = 0; i < merges.size(); i++) {
        String left = merges.get(i)[0];
        String right = merges.get(i)[1];
        String token = left + right.substring(config.prefix().length());
        ranks.put(List.of(ids.get(left), ids.get(right)), new int[] {i, ids.get(token)});
      }
      while (true) {
        int at = -1;
        int[] best = null;
        for (int i = 0; i + 1 < symbols.size(); i++) {
          int[] merge = ranks.get(symbols.subList(i, i + 2));
          if (merge != null && (best == null || merge[0] < best[0])) {
            best = merge;
            at = i;
          }
        }
        if (best == null) {
          return symbols;
        }
        symbols.set(at, best[1]);
        symbols.subList(at + 1, at + 2).clear();
      }
    }

    private List<Integer> begin(String text) {
      List<Integer> symbols = new ArrayList<>();
      boolean pending = false;
      for (int i = 0; i < text.length(); ) {
        int next = i + Character.charCount(text.codePointAt(i));
        String unit =
            (i > 0 ? config.prefix() : "")
                + text.substring(i, next)
                + (next == text.length() ? config.suffix() : "");
        i = next;
        Integer id = ids.get(unit);
        if (id != null) {
          if (pending) {
            symbols.add(0);
            pending = false;
          }
          symbols.add(id);
          continue;
        }
        List<Integer> bytes = new ArrayList<>();
        for (byte b : unit.getBytes(StandardCharsets.UTF_8)) {
          bytes.add(
              config.byteFallback()
                  ? ids.get(String.format(Locale.ROOT, "<0x%02X>", b & 0xff))
                  : null);
        }
        if (!bytes.contains(null)) {
          symbols.addAll(bytes);
        } else if (config.unknownId() >= 0) {
          if (pending && !config.fuseUnknown()) {
            symbols.add(0);
          }
          pending = true;
        }
      }
      if (pending) {
        symbols.add(0);
      }
      return symbols;
    }
  }

  private static List<Integer> cut(BpeModel model, String text) {
    byte[] bytes = ("x" + text + "yyyyyyyyyyyy").getBytes(StandardCharsets.UTF_8);
    TokenSink out = new TokenSink(Integer.MAX_VALUE);
    model.tokenize(bytes, 1, bytes.length - 12, out);
    return IntStream.of(out.toArray()).boxed().toList();
  }

  @Test
  void cutsAsTheDefinition() {
    Random random = new Random(1);
    for (int i = 0; i < 1_500; i++) {
      boolean affixes = random.nextInt(4) == 0;
      BpeConfig config =
          new BpeConfig(
              false,
              random.nextInt(4) == 0,
              random.nextBoolean() ? 0 : BpeConfig.NONE,
              random.nextBoolean(),
              random.nextBoolean(),
              affixes ? "##" : "",
              affixes && random.nextBoolean() ? "</w>" : "");
      Definition definition = new Definition(random, config);
      BpeModel model = definition.model();
      for (int k = 0; k < 20; k++) {
        String text = text(random, random.nextInt(k == 0 ? 400 : 40));
        List<Integer> expected = definition.cut(text);
        assertThat(cut(model, text)).as("%s %s", config, text).isEqualTo(expected);
        assertThat(cut(model, text)).as("once more").isEqualTo(expected);
      }
    }
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    int letters = 1 + random.nextInt(LETTERS.size());
    for (int i = 0; i < length; i++) {
      text.append(random.nextInt(10) == 0 ? "\u6f22" : LETTERS.get(random.nextInt(letters)));
    }
    return text.toString();
  }

  @Test
  void aMegabyteOfOneLetterIsMergedLikeAFewOfThem() {
    TokenTable table = new TokenTable(16);
    StringBuilder token = new StringBuilder("a");
    for (int i = 0; i < 5; i++) {
      byte[] bytes = token.toString().getBytes(StandardCharsets.UTF_8);
      table.add(bytes, 0, bytes.length, i);
      token.append(token);
    }
    BpeModel.Builder builder = BpeModel.builder(BpeConfig.ofBytes(false), table);
    for (int length = 1; length < 16; length *= 2) {
      byte[] pair = "a".repeat(length * 2).getBytes(StandardCharsets.UTF_8);
      builder.add(builder.find(pair, 0, length, length * 2));
    }
    List<Integer> ids = cut(builder.build(), "a".repeat(1_000_003));
    assertThat(ids).hasSize(62_502);
    assertThat(ids.subList(0, 62_500)).containsOnly(4);
    assertThat(ids.subList(62_500, 62_502)).containsExactly(1, 0);
  }

  @Test
  void stopsAtTheLimit() {
    TokenTable table = new TokenTable(16);
    table.add(new byte[] {'a'}, 0, 1, 7);
    BpeModel model = BpeModel.builder(BpeConfig.ofBytes(false), table).build();
    byte[] text = "aaaa".getBytes(StandardCharsets.UTF_8);
    TokenSink enough = new TokenSink(4);
    model.tokenize(text, 0, 4, enough);
    assertThat(enough.toArray()).containsExactly(7, 7, 7, 7);
    assertThatThrownBy(() -> model.tokenize(text, 0, 4, new TokenSink(3)))
        .isInstanceOf(TooManyTokensException.class);
  }

  @Test
  void saysWhetherAMergesTokensAreThere() {
    TokenTable table = new TokenTable(16);
    table.add(new byte[] {'a'}, 0, 1, 7);
    BpeModel.Builder builder = BpeModel.builder(BpeConfig.ofBytes(false), table);
    assertThat(builder.find("aa".getBytes(StandardCharsets.UTF_8), 0, 1, 2)).isNegative();
    BpeConfig unknown = new BpeConfig(false, false, 3, false, false, "", "");
    assertThatThrownBy(() -> BpeModel.builder(unknown, table))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id 3");
  }

  @Test
  void threadsShareAModel() throws Exception {
    Random random = new Random(9);
    Definition definition =
        new Definition(random, new BpeConfig(false, false, 0, true, true, "", ""));
    BpeModel model = definition.model();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> tasks =
          IntStream.range(0, 8)
              .<Future<?>>mapToObj(
                  seed ->
                      threads.submit(
                          () -> {
                            Random own = new Random(seed);
                            for (int i = 0; i < 3_000; i++) {
                              String text = text(own, own.nextInt(12));
                              assertThat(cut(model, text)).isEqualTo(definition.cut(text));
                            }
                          }))
              .toList();
      for (Future<?> task : tasks) {
        task.get();
      }
    }
  }
}

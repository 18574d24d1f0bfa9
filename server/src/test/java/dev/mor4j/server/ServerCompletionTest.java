package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is generated, whole and streamed, against a session alone. */
class ServerCompletionTest {
  @TempDir static Path shared;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(shared);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static GenerationResult alone(String prompt, GenerationOptions options) {
    return alone(prompt, options, SessionOptions.defaults());
  }

  private static GenerationResult alone(
      String prompt, GenerationOptions options, SessionOptions settings) {
    try (MorSession session = server.model.newSession(settings)) {
      return session.generate(prompt, options, token -> {});
    }
  }

  private static GenerationOptions sampled(int tokens, long seed) {
    return GenerationOptions.defaults()
        .withMaxNewTokens(tokens)
        .withTemperature(1)
        .withTopP(1)
        .withSeed(seed);
  }

  /** The text of one choice in a stream, and the checks that hold for every stream. */
  private static String streamedText(List<String> events, int index) {
    assertThat(events.getLast()).isEqualTo("[DONE]");
    StringBuilder text = new StringBuilder();
    int ends = 0;
    for (String event : events.subList(0, events.size() - 1)) {
      JsonNode node = Http.json(event);
      assertThat(node.get("object").asText()).isEqualTo("text_completion");
      assertThat(node.get("id").asText()).startsWith("cmpl-");
      for (JsonNode choice : node.get("choices")) {
        if (choice.get("index").asInt() == index) {
          assertThat(ends).as("nothing comes after the end").isZero();
          text.append(choice.get("text").asText());
          ends += choice.get("finish_reason").isNull() ? 0 : 1;
        }
      }
    }
    assertThat(ends).isEqualTo(1);
    return text.toString();
  }

  @Test
  void aWholeTextIsTheSessions() {
    GenerationResult right = alone("Once upon a time", sampled(40, 11));
    JsonNode found =
        server
            .complete(
                "{'model':'tiny','prompt':'Once upon a time','max_tokens':40,'seed':11}"
                    .replace('\'', '"'))
            .succeeds()
            .json();
    JsonNode choice = found.get("choices").get(0);
    assertThat(choice.get("text").asText()).isEqualTo(right.text());
    assertThat(choice.get("index").asInt()).isZero();
    assertThat(choice.get("logprobs").isNull()).isTrue();
    assertThat(choice.get("finish_reason").asText()).isEqualTo("length");
    assertThat(choice.get("finish_detail").asText()).isEqualTo("length");
    assertThat(choice.has("tokens")).isFalse();
    assertThat(found.get("model").asText()).isEqualTo("tiny");
    assertThat(found.get("seed").asLong()).isEqualTo(11);
    JsonNode usage = found.get("usage");
    assertThat(usage.get("prompt_tokens").asInt()).isEqualTo(right.promptTokens());
    assertThat(usage.get("completion_tokens").asInt()).isEqualTo(40);
    assertThat(usage.get("total_tokens").asInt()).isEqualTo(40 + right.promptTokens());
    assertThat(usage.get("prompt_tokens_details").get("cached_tokens").asInt())
        .isBetween(0, right.promptTokens());
    JsonNode counts = usage.get("depths").get("counts");
    for (int depth = 1; depth <= 3; depth++) {
      int wanted = depth;
      assertThat(counts.get("" + depth).asLong())
          .isEqualTo(right.tokens().stream().filter(token -> token.depth() == wanted).count());
    }
    assertThat(usage.get("depths").get("mean").asDouble()).isBetween(1.0, 3.0);
  }

  @Test
  void aStreamIsTheWholeText() {
    for (String options :
        List.of(
            "\"seed\":3",
            "\"seed\":4,\"temperature\":0",
            "\"seed\":5,\"top_k\":50,\"top_p\":0.9,\"min_p\":0.01,\"repetition_penalty\":1.1",
            "\"seed\":6,\"max_recursions\":2",
            "\"seed\":7,\"probability_threshold\":0.4")) {
      String body = "{\"prompt\":\"The sea\",\"max_tokens\":60," + options;
      JsonNode whole = server.complete(body + "}").succeeds().json();
      List<String> events = server.complete(body + ",\"stream\":true}").succeeds().events();
      assertThat(streamedText(events, 0))
          .as(options)
          .isEqualTo(whole.get("choices").get(0).get("text").asText());
    }
  }

  @Test
  void theThresholdHasTwoNames() {
    // Far from the default: the noise is the same, and mostly so are tokens by similar logits.
    String body = "{\"prompt\":\"The sea\",\"max_tokens\":60,\"seed\":3";
    String without = text(body + "}");
    String with = text(body + ",\"probability_threshold\":0.95}");
    assertThat(with).isNotEqualTo(without);
    assertThat(text(body + ",\"threshold\":0.95}")).isEqualTo(with);
    assertThat(text(body + ",\"probability_threshold\":0.95,\"threshold\":0.950}")).isEqualTo(with);
    assertThat(text(body + ",\"probability_threshold\":null,\"threshold\":0.95}")).isEqualTo(with);
  }

  private static String text(String body) {
    return server.complete(body).succeeds().json().get("choices").get(0).get("text").asText();
  }

  @Test
  void optionsReachTheModel() {
    GenerationOptions options =
        sampled(30, 9).withTemperature(0.7).withTopK(40).withTopP(0.8).withRepetitionPenalty(1.2);
    SessionOptions settings =
        SessionOptions.defaults().withMaxRecursions(2).withProbabilityThreshold(0.3);
    GenerationResult right = alone("A ship", options, settings);
    JsonNode found =
        server
            .complete(
                "{\"prompt\":\"A ship\",\"max_tokens\":30,\"seed\":9,\"temperature\":0.7,"
                    + "\"top_k\":40,\"top_p\":0.8,\"repetition_penalty\":1.2,\"max_recursions\":2,"
                    + "\"probability_threshold\":0.3,\"priority\":\"high\",\"deadline_ms\":600000,"
                    + "\"return_tokens\":true,\"user\":\"somebody\",\"n\":1,\"best_of\":1,"
                    + "\"presence_penalty\":0,\"frequency_penalty\":0.0,\"echo\":false,"
                    + "\"logprobs\":null,\"logit_bias\":{},\"suffix\":null,\"stop\":null}")
            .succeeds()
            .json();
    List<Token> tokens = right.tokens();
    JsonNode listed = found.get("choices").get(0).get("tokens");
    assertThat(listed).hasSameSizeAs(tokens);
    for (int i = 0; i < tokens.size(); i++) {
      assertThat(listed.get(i).get("id").asInt()).isEqualTo(tokens.get(i).id());
      assertThat(listed.get(i).get("depth").asInt()).isEqualTo(tokens.get(i).depth());
    }
    assertThat(found.get("usage").get("depths").get("counts").get("3").asInt()).isZero();
  }

  @Test
  void aSeedThatIsDrawnRepeatsTheText() {
    String body = "{\"prompt\":\"Once\",\"max_tokens\":12";
    JsonNode first = server.complete(body + "}").succeeds().json();
    long seed = first.get("seed").asLong();
    assertThat(seed).isBetween(0L, 1L << 53);
    JsonNode second = server.complete(body + ",\"seed\":" + seed + "}").succeeds().json();
    assertThat(second.get("choices")).isEqualTo(first.get("choices"));
  }

  @Test
  void promptsOfAllShapes() {
    int[] ids = server.model.tokenizer().orElseThrow().encode("Once upon");
    StringBuilder array = new StringBuilder("[");
    for (int i = 0; i < ids.length; i++) {
      array.append(i == 0 ? "" : ",").append(ids[i]);
    }
    array.append(']');
    String end = ",\"max_tokens\":10,\"seed\":1}";
    String right = alone("Once upon", sampled(10, 1)).text();
    for (String prompt :
        List.of("\"Once upon\"", "[\"Once upon\"]", array.toString(), "[" + array + "]")) {
      JsonNode found = server.complete("{\"prompt\":" + prompt + end).succeeds().json();
      assertThat(found.get("choices")).hasSize(1);
      assertThat(found.get("choices").get(0).get("text").asText()).as(prompt).isEqualTo(right);
    }
  }

  @Test
  void severalPromptsAreSeveralChoices() {
    List<String> prompts = List.of("Once upon", "The sea", "A ship", "He said");
    ObjectNode body = Json.object();
    ArrayNode array = body.putArray("prompt");
    prompts.forEach(array::add);
    body.put("max_tokens", 25).put("seed", 2);
    JsonNode whole = server.complete(body.toString()).succeeds().json();
    body.put("stream", true).putObject("stream_options").put("include_usage", true);
    List<String> events = server.complete(body.toString()).succeeds().events();
    for (int i = 0; i < prompts.size(); i++) {
      String right = alone(prompts.get(i), sampled(25, 2)).text();
      assertThat(whole.get("choices").get(i).get("index").asInt()).isEqualTo(i);
      assertThat(whole.get("choices").get(i).get("text").asText()).isEqualTo(right);
      assertThat(streamedText(events, i)).isEqualTo(right);
    }
    assertThat(whole.get("usage").get("completion_tokens").asInt()).isEqualTo(100);
    JsonNode last = Http.json(events.get(events.size() - 2));
    assertThat(last.get("choices")).isEmpty();
    assertThat(last.get("usage").get("completion_tokens").asInt()).isEqualTo(100);
    assertThat(last.get("usage").get("depths")).isEqualTo(whole.get("usage").get("depths"));
    assertThat(Http.json(events.getFirst()).get("usage").isNull()).isTrue();
  }

  @Test
  void aStreamHasItsUsageOnlyWhenAsked() {
    String body = "{\"prompt\":\"Once\",\"max_tokens\":5,\"seed\":1,\"stream\":true";
    Http.Answer answer = server.complete(body + "}").succeeds();
    assertThat(answer.headers().get("content-type")).isEqualTo("text/event-stream; charset=utf-8");
    assertThat(answer.headers().get("cache-control")).isEqualTo("no-store");
    List<String> plain = answer.events();
    for (String event : plain.subList(0, plain.size() - 1)) {
      assertThat(Http.json(event).has("usage")).isFalse();
    }
    JsonNode end = Http.json(plain.get(plain.size() - 2));
    assertThat(end.get("seed").asInt()).isEqualTo(1);
    assertThat(end.get("choices").get(0).get("finish_reason").asText()).isEqualTo("length");
  }

  @Test
  void stopStringsEndTheText() {
    String whole = alone("Once", sampled(60, 21)).text();
    String stop = whole.substring(whole.length() / 2, whole.length() / 2 + 3);
    ObjectNode body = Json.object();
    body.put("prompt", "Once").put("max_tokens", 60).put("seed", 21);
    body.putArray("stop").add("not in any text \u0001").add(stop);
    JsonNode found = server.complete(body.toString()).succeeds().json();
    JsonNode choice = found.get("choices").get(0);
    assertThat(choice.get("text").asText()).isEqualTo(whole.substring(0, whole.indexOf(stop)));
    assertThat(choice.get("finish_reason").asText()).isEqualTo("stop");
    assertThat(choice.get("finish_detail").asText()).isEqualTo("stop");
    body.put("stop", stop).put("stream", true);
    assertThat(streamedText(server.complete(body.toString()).succeeds().events(), 0))
        .isEqualTo(choice.get("text").asText());
  }

  @Test
  void aDeadlineEndsTheText() {
    JsonNode found =
        server
            .complete(
                "{\"prompt\":\"Once\",\"max_tokens\":30000,\"temperature\":0,\"deadline_ms\":50}")
            .succeeds()
            .json();
    JsonNode choice = found.get("choices").get(0);
    assertThat(choice.get("finish_reason").asText()).isEqualTo("length");
    assertThat(choice.get("finish_detail").asText()).isEqualTo("deadline");
  }

  @Test
  void manyAtTheSameTimeAreAsIfAlone() throws Exception {
    List<Callable<String>> tasks = new ArrayList<>();
    List<String> right = new ArrayList<>();
    for (int i = 0; i < 48; i++) {
      int seed = i;
      boolean stream = i % 2 == 0;
      right.add(alone("Text " + i % 5, sampled(20 + i % 7, seed)).text());
      String body =
          String.format(
              Locale.ROOT,
              "{\"prompt\":\"Text %d\",\"max_tokens\":%d,\"seed\":%d,\"stream\":%b}",
              i % 5,
              20 + i % 7,
              seed,
              stream);
      tasks.add(
          () -> {
            Http.Answer answer = server.complete(body).succeeds();
            return stream
                ? streamedText(answer.events(), 0)
                : answer.json().get("choices").get(0).get("text").asText();
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> found = threads.invokeAll(tasks);
      for (int i = 0; i < right.size(); i++) {
        assertThat(found.get(i).get()).as("request %d", i).isEqualTo(right.get(i));
      }
    }
  }

  @Test
  void aModelWithoutATokenizerTakesIds() throws IOException {
    try (TestServer plain = TestServer.startWithoutTokenizer(shared)) {
      plain.complete("{\"prompt\":\"Once\"}").fails(400, "no tokenizer");
      plain.complete("{\"prompt\":[1],\"stop\":\"a\"}").fails(400, "tokenizer");
      String request =
          "{\"prompt\":[0,5,9],\"max_tokens\":4,\"seed\":1,\"return_tokens\":true,\"stream\":%s}";
      JsonNode whole = plain.complete(request.formatted("false")).succeeds().json();
      assertThat(whole.get("choices").get(0).get("text").asText()).isEmpty();
      JsonNode tokens = whole.get("choices").get(0).get("tokens");
      assertThat(tokens).hasSize(4);
      // An event for each token, and one for the end.
      List<String> events = plain.complete(request.formatted("true")).succeeds().events();
      for (int i = 0; i < 4; i++) {
        JsonNode choice = Http.json(events.get(i)).get("choices").get(0);
        assertThat(choice.get("text").asText()).isEmpty();
        assertThat(choice.get("tokens")).hasSize(1);
        assertThat(choice.get("tokens").get(0)).isEqualTo(tokens.get(i));
      }
    }
  }

  @Test
  void promptsBringTheirSpecialTokensOnlyWhereTheyMay() {
    String[] prompts = {"Once", "<|endoftext|>Once"};
    int[] tokens = new int[2];
    for (int i = 0; i < 2; i++) {
      String body = "{\"prompt\":\"" + prompts[i] + "\",\"max_tokens\":5,\"seed\":1";
      JsonNode asText = server.complete(body + "}").succeeds().json();
      assertThat(asText.has("warnings")).isFalse();
      tokens[i] = asText.get("usage").get("prompt_tokens").asInt();
      JsonNode bare = server.complete(body + ",\"add_bos\":false}").succeeds().json();
      assertThat(bare.get("usage").get("prompt_tokens").asInt()).isEqualTo(tokens[i] - 1);
    }
    assertThat(tokens[1]).isGreaterThan(tokens[0] + 1);
    String parsed =
        "{\"prompt\":\"<|endoftext|>Once\",\"max_tokens\":5,\"seed\":1,\"parse_special\":true,"
            + "\"stream\":%s,\"stream_options\":{\"include_usage\":true}}";
    String whole = parsed.replace(",\"stream_options\":{\"include_usage\":true}", "");
    JsonNode found = server.complete(whole.formatted("false")).succeeds().json();
    assertThat(found.get("usage").get("prompt_tokens").asInt()).isEqualTo(tokens[0]);
    assertThat(found.get("warnings").get(0).asText()).contains("<|endoftext|>", "second time");
    assertThat(found.get("choices").get(0).get("text").asText())
        .isEqualTo(alone("Once", sampled(5, 1)).text());
    List<String> events = server.complete(parsed.formatted("true")).succeeds().events();
    assertThat(events.stream().filter(event -> event.contains("\"warnings\""))).hasSize(1);
    server.complete("{\"prompt\":\"a\",\"add_bos\":1}").fails(400, "add_bos is 1");
  }

  @Test
  void promptsThatTheContextCannotHoldAreRefusedEarly() {
    String prompt = "a b c d ".repeat(100_000);
    server
        .complete("{\"prompt\":\"" + prompt + "\"}")
        .fails(400, "more tokens than the context of " + TestServer.CONTEXT);
  }

  @Test
  void noClientGetsHalfACharacter() {
    Tokenizer tokenizer = server.model.tokenizer().orElseThrow();
    int[] face = tokenizer.encode("😀", EncodingOptions.textOnly());
    assertThat(face).hasSizeGreaterThan(2);
    for (int cut = 1; cut < face.length; cut++) {
      StringBuilder ids = new StringBuilder("0");
      for (int i = 0; i < cut; i++) {
        ids.append(',').append(face[i]);
      }
      for (int seed = 0; seed < 8; seed++) {
        String body =
            "{\"prompt\":[" + ids + "],\"max_tokens\":12,\"temperature\":5,\"seed\":" + seed;
        String whole = server.complete(body + "}").succeeds().json().at("/choices/0/text").asText();
        StringBuilder joined = new StringBuilder();
        List<String> events = server.complete(body + ",\"stream\":true}").succeeds().events();
        for (String event : events) {
          if (event.startsWith("{")) {
            // JSON can carry half a pair as an escape, UTF-8 cannot.
            String text = Http.json(event).at("/choices/0/text").asText();
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(text)).isTrue();
            joined.append(text);
          }
        }
        assertThat(joined).hasToString(whole);
      }
    }
  }

  @Test
  void textsAreUtf8() {
    String prompt = "“Жизнь” 🙂 naïve";
    GenerationResult right = alone(prompt, sampled(12, 8));
    String body = "{\"prompt\":\"" + prompt + "\",\"max_tokens\":12,\"seed\":8}";
    assertThat(body.getBytes(StandardCharsets.UTF_8).length).isGreaterThan(body.length());
    JsonNode found = server.complete(body).succeeds().json();
    assertThat(found.get("choices").get(0).get("text").asText()).isEqualTo(right.text());
    assertThat(found.get("usage").get("prompt_tokens").asInt()).isEqualTo(right.promptTokens());
  }
}

package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad requests: each is answered with its status, and the message names what was found. */
class ServerErrorsTest {
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          `'prompt':5`                             | prompt      | prompt is 5, expected a text
          `'prompt':[]`                            | prompt      | expected 1 to 16 prompts
          `'prompt':[[]]`                          | prompt      | at least one token id
          `'prompt':['a',5]`                       | prompt      | expected a text
          `'prompt':[1,'a']`                       | prompt      | a text at place 1
          `'prompt':[1,2048]`                      | prompt      | 2048 at place 1, expected a token id from 0 to 2047
          `'prompt':[1,-1]`                        | prompt      | -1 at place 1
          `'prompt':[1.5]`                         | prompt      | 1.5 at place 0
          `'prompt':['a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a','a']` | prompt | an array of 17
          `'max_tokens':4`                         | prompt      | prompt is missing
          `'prompt':null`                          | prompt      | prompt is missing
          `'prompt':'a','max_tokens':'4'`          | max_tokens  | max_tokens is "4", expected a whole number
          `'prompt':'a','max_tokens':0`            | max_tokens  | max_tokens is 0, expected a whole number from 1
          `'prompt':'a','max_tokens':1.5`          | max_tokens  | max_tokens is 1.5
          `'prompt':'a','max_tokens':99999999999`  | max_tokens  | max_tokens is 99999999999
          `'prompt':'a','temperature':-1`          | temperature | temperature is -1, expected a number from 0
          `'prompt':'a','temperature':1e999`       | temperature | expected a number from 0
          `'prompt':'a','temperature':true`        | temperature | temperature is true
          `'prompt':'a','top_p':0`                 | top_p       | above 0
          `'prompt':'a','top_p':1.1`               | top_p       | top_p is 1.1, expected a number from 0 to 1
          `'prompt':'a','top_k':-1`                | top_k       | top_k is -1
          `'prompt':'a','min_p':2`                 | min_p       | min_p is 2
          `'prompt':'a','repetition_penalty':0.5`  | repetition_penalty | 0.5, expected a number from 1
          `'prompt':'a','n':2`                     | n           | n is 2, but one choice
          `'prompt':'a','n':0`                     | n           | n is 0, expected
          `'prompt':'a','best_of':3`               | best_of     | best_of is 3, but one choice
          `'prompt':'a','echo':true`               | echo        | echo is true, but
          `'prompt':'a','logprobs':0`              | logprobs    | logprobs is 0, but
          `'prompt':'a','logit_bias':{'5':1}`      | logit_bias  | logit_bias is an object, but
          `'prompt':'a','suffix':'b'`              | suffix      | suffix is "b", but
          `'prompt':'a','presence_penalty':0.1`    | presence_penalty  | presence_penalty is 0.1, but
          `'prompt':'a','frequency_penalty':-1`    | frequency_penalty | frequency_penalty is -1, but
          `'prompt':'a','stop':['a','b','c','d','e']` | stop     | stop is an array of 5
          `'prompt':'a','stop':''`                 | stop        | none of them empty
          `'prompt':'a','stop':[5]`                | stop        | stop is an array of 1
          `'prompt':'a','seed':1.5`                | seed        | seed is 1.5
          `'prompt':'a','stream':'yes'`            | stream      | stream is "yes", expected true or false
          `'prompt':'a','stream_options':{}`       | stream_options | but stream is not true
          `'prompt':'a','stream':true,'stream_options':1` | stream_options | expected an object
          `'prompt':'a','stream':true,'stream_options':{'include_usage':1}` | stream_options.include_usage | expected true or false
          `'prompt':'a','stream':true,'stream_options':{'other':1}` | stream_options.other | unknown field
          `'prompt':'a','max_recursions':4`        | max_recursions | max_recursions is 4, expected a whole number from 1 to 3
          `'prompt':'a','threshold':1.5`           | threshold   | threshold is 1.5
          `'prompt':'a','probability_threshold':-1` | probability_threshold | probability_threshold is -1
          `'prompt':'a','probability_threshold':0.4,'threshold':0.3` | probability_threshold | probability_threshold is 0.4 and threshold is 0.3
          `'prompt':'a','probability_threshold':0.4,'threshold':2` | threshold | threshold is 2
          `'prompt':'a','priority':'urgent'`      | priority    | expected one of "low", "normal", "high"
          `'prompt':'a','deadline_ms':0`           | deadline_ms | deadline_ms is 0
          `'prompt':'a','user':5`                  | user        | user is 5, expected a text
          `'prompt':'a','model':5`                 | model       | model is 5, expected a text
          `'prompt':'a','temprature':1`            | temprature  | unknown field 'temprature'
          """)
  void fieldsThatCannotBeTaken(String fields, String param, String message) {
    JsonNode error =
        server.complete("{" + fields.replace('\'', '"') + "}").fails(400, message.strip());
    assertThat(error.get("param").asText()).isEqualTo(param.strip());
    assertThat(error.get("type").asText()).isEqualTo("invalid_request_error");
  }

  @Test
  void stopStringsThatAreTooLong() {
    String stop = "s".repeat(1000);
    server.complete("{\"prompt\":\"a\",\"stop\":\"" + stop + "\"}").succeeds();
    server
        .complete("{\"prompt\":\"a\",\"stop\":[\"a\",\"" + stop + "s\"]}")
        .fails(400, "longer than 1000 characters");
  }

  @Test
  void bodiesThatAreNoObjects() {
    server.complete("").fails(400, "empty");
    server.complete("[]").fails(400, "an array of 0, expected an object");
    server.complete("5").fails(400, "a number, expected an object");
    server.complete("{\"prompt\":").fails(400, "not JSON");
    server.complete("{\"prompt\":\"a\"} x").fails(400, "not JSON");
    server.complete("{\"prompt\":\"a\",\"prompt\":\"b\"}").fails(400, "a field is there twice");
    server.complete("[".repeat(2000)).fails(400, "not JSON");
    server.complete("{\"prompt\":" + "9".repeat(5000) + "}").fails(400, "not JSON");
  }

  @Test
  void requestsThatAreTooLarge() {
    String longPrompt = "[" + "1,".repeat(TestServer.CONTEXT) + "1]";
    JsonNode error = server.complete("{\"prompt\":" + longPrompt + "}").fails(400, "");
    assertThat(error.get("code").asText()).isEqualTo("context_length_exceeded");
  }

  @Test
  void otherModels() {
    JsonNode error =
        server
            .complete("{\"model\":\"gpt\",\"prompt\":\"a\"}")
            .fails(404, "no model 'gpt', expected 'tiny'");
    assertThat(error.get("code").asText()).isEqualTo("model_not_found");
    server.get("/v1/models/gpt").fails(404, "gpt");
    server.get("/v1/models/").fails(404, "''");
  }

  @Test
  void otherPathsAndMethods() {
    server.get("/").fails(404, "nothing at this path");
    server.get("/v1/completion").fails(404, "nothing at this path");
    Http.post(server.port(), "/v1/chat/completions", "{}").fails(404, "/v1/completions");
    assertThat(allow(server.get("/v1/completions"))).isEqualTo("POST");
    assertThat(allow(Http.send(server.port(), "OPTIONS", "/v1/completions", null)))
        .isEqualTo("POST");
    for (String path : new String[] {"/v1/models", "/v1/models/tiny", "/health", "/metrics"}) {
      assertThat(allow(Http.post(server.port(), path, "{}"))).isEqualTo("GET, HEAD");
    }
  }

  private static String allow(Http.Answer answer) {
    answer.fails(405, "expected");
    return answer.headers().get("allow");
  }

  @Test
  void otherTypes() {
    String body = "{\"prompt\":\"a\"}";
    server.complete(body, "Content-Type: text/plain").fails(415, "application/json");
    server
        .complete(body, "Content-Type: application/x-www-form-urlencoded")
        .fails(415, "application/json");
    server.complete(body, "Content-Type: application/json; charset=utf-8").succeeds();
  }

  @Test
  void theConnectionOutlivesAnError() throws IOException {
    try (var socket = Http.connect(server.port())) {
      for (int i = 0; i < 3; i++) {
        Http.write(socket, Http.text("POST", "/v1/completions", "{\"prompt\":5}"));
        Http.read(socket.getInputStream()).fails(400, "prompt is 5");
        Http.write(socket, Http.text("POST", "/v1/completions", "{\"prompt\":\"a\"}"));
        Http.read(socket.getInputStream()).succeeds();
      }
    }
  }
}

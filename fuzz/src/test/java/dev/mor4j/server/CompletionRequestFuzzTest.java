package dev.mor4j.server;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Bodies of requests. */
class CompletionRequestFuzzTest {
  private static final ServerOptions OPTIONS = ServerOptions.of("fuzz");
  private static final MorModel MODEL = model();

  private static MorModel model() {
    try {
      return MorModel.open(TestModels.tiny(new Scratch().folder().resolve("model")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    try {
      CompletionRequest.read(Json.readObject(input), MODEL, OPTIONS);
    } catch (ApiException e) {
      if (e.status() < 400 || e.status() > 499) {
        throw new AssertionError("a bad body is the client's error, found " + e.status(), e);
      }
      // Other messages repeat what the body says.
      String message = e.getMessage();
      if (message.startsWith("the body is not JSON")
          && (message.contains("com.fasterxml") || message.contains("Feature"))) {
        throw new AssertionError("a message names a class: " + message, e);
      }
    }
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "{\"model\":\"fuzz\",\"prompt\":\"Once\",\"max_tokens\":5,\"temperature\":0.5,\"stop\":[\"a\"],"
            + "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"seed\":1}",
        "{\"prompt\":[1,2,3],\"top_p\":0.9,\"top_k\":3,\"min_p\":0.1,\"repetition_penalty\":1.1,"
            + "\"max_recursions\":1,\"probability_threshold\":0.5,\"priority\":\"high\"}",
        "{\"prompt\":[[1],[2,3]],\"deadline_ms\":1000,\"return_tokens\":true,\"logit_bias\":{},\"n\":1}");
  }
}

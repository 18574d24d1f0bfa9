package dev.mor4j.application;

import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Generates a text by a session and by an engine, and prints whether there is a flight recorder and
 * both texts' ids, a line each. Argument: the folder of a model.
 */
final class TwoTexts {
  private TwoTexts() {}

  public static void main(String[] arguments) {
    Optional<Module> recorder = ModuleLayer.boot().findModule("jdk.jfr");
    System.out.println("jdk.jfr: " + recorder.isPresent());
    int[] prompt = {1, 2, 3};
    GenerationOptions options = GenerationOptions.defaults().withMaxNewTokens(5).withTemperature(0);
    try (MorModel model = MorModel.open(Path.of(arguments[0]));
        MorSession session = model.newSession();
        MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      print(session.generate(prompt, options, token -> {}).tokens());
      GenerationRequest request = GenerationRequest.of(prompt).withGeneration(options);
      print(engine.submit(request).result().join().tokens());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void print(List<Token> tokens) {
    System.out.println(tokens.stream().map(Token::id).toList());
  }
}

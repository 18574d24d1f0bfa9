package dev.mor4j.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.runtime.format.RoutingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** The table of {@code testdata/routing-cases.json}, which every implementation is held against. */
public final class RoutingCases {
  private static final Path TABLE = Path.of("testdata", "routing-cases.json");

  private RoutingCases() {}

  /**
   * One way of routing, and tokens that go by it.
   *
   * @param bias what token-choice adds for its choice
   */
  public record Case(
      String name, RoutingConfig routing, Optional<float[]> bias, List<TokenCase> tokens) {
    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * One token.
   *
   * @param z outputs of the routers, [N]
   * @param auxiliary outputs of the auxiliary routers, [N]; zeros where there are none
   * @param depth expected
   * @param gate expected; empty where it is not written down
   * @param routerOnly whether no model can give these outputs
   */
  @SuppressWarnings("ArrayRecordComponent") // read only
  public record TokenCase(
      float[] z,
      float[] auxiliary,
      double logitThreshold,
      int maxRecursions,
      int depth,
      OptionalDouble gate,
      boolean routerOnly) {}

  /** All cases. */
  public static List<Case> all() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (JsonNode each :
        new ObjectMapper()
            .readTree(Files.readString(ProjectFiles.root().resolve(TABLE)))
            .get("cases")) {
      List<TokenCase> tokens = new ArrayList<>();
      each.get("tokens").forEach(token -> tokens.add(token(token)));
      Optional<float[]> bias =
          each.has("bias") ? Optional.of(numbers(each.get("bias"))) : Optional.empty();
      cases.add(new Case(each.get("name").asText(), routing(each), bias, tokens));
    }
    return cases;
  }

  private static RoutingConfig routing(JsonNode each) {
    RoutingConfig.RouterFunction function =
        RoutingConfig.RouterFunction.valueOf(
            each.get("function").asText().toUpperCase(Locale.ROOT));
    float alpha = (float) each.get("alpha").asDouble();
    boolean weighted = each.get("weighted").asBoolean();
    if (each.get("kind").asText().equals("token")) {
      return new RoutingConfig.TokenChoice(
          RoutingConfig.RouterKind.LINEAR, function, alpha, 1, weighted, each.has("bias"));
    }
    List<Double> capacities = new ArrayList<>();
    each.get("capacities").forEach(capacity -> capacities.add(capacity.asDouble()));
    return new RoutingConfig.ExpertChoice(
        RoutingConfig.RouterKind.LINEAR,
        function,
        alpha,
        1,
        weighted,
        capacities,
        each.get("auxiliary").asBoolean());
  }

  private static TokenCase token(JsonNode token) {
    float[] z = numbers(token.get("z"));
    return new TokenCase(
        z,
        token.has("aux") ? numbers(token.get("aux")) : new float[z.length],
        number(token.get("logitThreshold")),
        token.get("maxRecursions").asInt(),
        token.get("depth").asInt(),
        token.has("gate")
            ? OptionalDouble.of(token.get("gate").asDouble())
            : OptionalDouble.empty(),
        token.path("routerOnly").asBoolean());
  }

  private static float[] numbers(JsonNode list) {
    float[] numbers = new float[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) number(list.get(i));
    }
    return numbers;
  }

  private static double number(JsonNode node) {
    if (node.isNumber()) {
      return node.asDouble();
    }
    return switch (node.asText()) {
      case "nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException(node + ", expected a number, nan, inf or -inf");
    };
  }
}

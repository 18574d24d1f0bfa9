package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import dev.mor4j.runtime.format.RoutingConfig.RouterKind;
import dev.mor4j.runtime.format.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The section {@code mor} of the authors' training settings. */
final class RouterSettings {
  private RouterSettings() {}

  /** Reads the section, for a model of {@code recursions}. */
  static RoutingConfig read(Settings mor, int recursions) throws ModelFormatException {
    boolean enabled = mor.flag("enable");
    List.of("z_loss", "z_coeff").forEach(mor::ignore);
    if (!enabled) {
      // Left-over settings of a baseline model: known names, nothing else is asked of them.
      List.of("type", "capacity", "rand_router", "router_type", "temp", "expert", "token")
          .forEach(mor::ignore);
      mor.finish();
      return new RoutingConfig.None();
    }
    if (mor.flag("rand_router", false)) {
      throw mor.wrong("rand_router", "false: random routing is not supported");
    }
    String type = mor.choice("type", List.of("expert", "token"));
    RouterKind kind =
        RouterKind.valueOf(
            mor.choice("router_type", List.of("linear", "mlp", "wide_mlp"))
                .toUpperCase(Locale.ROOT));
    float temperature = (float) mor.number("temp", 1);
    List<Double> capacities = capacities(mor, recursions);
    RoutingConfig routing;
    if (type.equals("expert")) {
      mor.ignore("token");
      routing = expert(mor.object("expert"), kind, temperature, capacities);
    } else {
      mor.ignore("expert");
      routing = token(mor.object("token"), kind, temperature);
    }
    mor.finish();
    return routing;
  }

  private static RoutingConfig expert(
      Settings expert, RouterKind kind, float temperature, List<Double> capacities)
      throws ModelFormatException {
    // These concern the training loss only.
    List.of("cap_warmup_step", "coeff", "include_first").forEach(expert::ignore);
    RouterFunction function = function(expert, List.of("sigmoid", "tanh"), true);
    String sampling = expert.choice("sampling", List.of("aux_loss", "aux_router"));
    RoutingConfig routing =
        new RoutingConfig.ExpertChoice(
            kind,
            function,
            function == RouterFunction.NONE
                ? (float) expert.number("alpha", 1)
                : (float) expert.number("alpha"),
            temperature,
            expert.text("gating", "weighted").equals("weighted"),
            capacities,
            sampling.equals("aux_router"));
    expert.finish();
    return routing;
  }

  private static RoutingConfig token(Settings token, RouterKind kind, float temperature)
      throws ModelFormatException {
    List.of("bal_warmup_step", "coeff", "u").forEach(token::ignore);
    String balancing = token.choice("balancing", List.of("loss", "loss_free"));
    RoutingConfig routing =
        new RoutingConfig.TokenChoice(
            kind,
            function(token, List.of("softmax", "sigmoid"), false),
            (float) token.number("alpha"),
            temperature,
            token.text("gating", "weighted").equals("weighted"),
            balancing.equals("loss_free"));
    token.finish();
    return routing;
  }

  private static RouterFunction function(Settings section, List<String> names, boolean optional)
      throws ModelFormatException {
    if (optional && (!section.has("router_func") || "none".equals(section.raw("router_func")))) {
      return RouterFunction.NONE;
    }
    return RouterFunction.valueOf(section.choice("router_func", names).toUpperCase(Locale.ROOT));
  }

  /** A list, or its text with commas, as the training code's command line takes it. */
  private static List<Double> capacities(Settings mor, int recursions) throws ModelFormatException {
    List<Double> capacities = new ArrayList<>();
    if (!mor.has("capacity")) {
      for (int r = 0; r < recursions; r++) {
        capacities.add((double) (recursions - r) / recursions);
      }
      return capacities;
    }
    String expected =
        recursions
            + " descending numbers in (0, 1], one for each recursion of recursive.num_recursion";
    List<?> values =
        switch (mor.raw("capacity")) {
          case List<?> list -> list;
          case String text -> Arrays.asList(text.split(",", -1));
          case Number number -> List.of(number);
          default -> throw mor.wrong("capacity", expected);
        };
    double previous = 1;
    for (Object value : values) {
      double capacity;
      try {
        capacity = Double.parseDouble(String.valueOf(value).strip());
      } catch (NumberFormatException e) {
        throw mor.wrong("capacity", expected);
      }
      if (!(capacity > 0 && capacity <= previous)) {
        throw mor.wrong("capacity", expected);
      }
      previous = capacity;
      capacities.add(capacity);
    }
    if (capacities.size() != recursions) {
      throw mor.wrong("capacity", expected);
    }
    return capacities;
  }
}

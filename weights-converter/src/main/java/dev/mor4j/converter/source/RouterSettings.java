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
    RoutingConfig routing;
    if (type.equals("expert")) {
      mor.ignore("token");
      routing = expert(mor.object("expert"), kind, temperature, capacities(mor, recursions));
    } else {
      // Token-choice has no capacities; the setting may be left over from another model.
      List.of("expert", "capacity").forEach(mor::ignore);
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
    RouterFunction function =
        !expert.has("router_func") || "none".equals(expert.raw("router_func"))
            ? RouterFunction.NONE
            : function(expert, List.of("sigmoid", "tanh"));
    String sampling = expert.choice("sampling", List.of("aux_loss", "aux_router"));
    RoutingConfig routing =
        new RoutingConfig.ExpertChoice(
            kind,
            function,
            function == RouterFunction.NONE
                ? (float) expert.number("alpha", 1)
                : (float) expert.number("alpha"),
            temperature,
            weighted(expert),
            capacities,
            sampling.equals("aux_router"));
    expert.finish();
    return routing;
  }

  private static RoutingConfig token(Settings token, RouterKind kind, float temperature)
      throws ModelFormatException {
    List.of("bal_warmup_step", "coeff", "u").forEach(token::ignore);
    String balancing = token.choice("balancing", List.of("loss", "loss_free"));
    // As in the training code: softmax unless another is named, and a default of alpha for each.
    RouterFunction function =
        token.has("router_func")
            ? function(token, List.of("softmax", "sigmoid"))
            : RouterFunction.SOFTMAX;
    RoutingConfig routing =
        new RoutingConfig.TokenChoice(
            kind,
            function,
            (float) token.number("alpha", function == RouterFunction.SIGMOID ? 0.1 : 1),
            temperature,
            weighted(token),
            balancing.equals("loss_free"));
    token.finish();
    return routing;
  }

  /** Weighted where nothing is said; a null says otherwise, as any other value does. */
  private static boolean weighted(Settings section) {
    return !section.keys().contains("gating") || "weighted".equals(section.raw("gating"));
  }

  private static RouterFunction function(Settings section, List<String> names)
      throws ModelFormatException {
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

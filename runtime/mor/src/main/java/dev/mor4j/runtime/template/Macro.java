package dev.mor4j.runtime.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro, or the body of a {@code call} block, with the scope around it. */
final class Macro implements Value {
  /**
   * What a macro's head says.
   *
   * @param defaults of the last parameters
   * @param special which of {@code caller}, {@code kwargs} and {@code varargs} its body uses
   */
  record Signature(
      String name, List<String> parameters, List<Expression> defaults, List<String> special) {}

  /** Evaluations that need as much stack as a call. */
  private static final int LEVELS = 3;

  private final Signature signature;
  private final Block body;
  private final Scope scope;

  Macro(Signature signature, Block body, Scope scope) {
    this.signature = signature;
    this.body = body;
    this.scope = scope;
  }

  Signature signature() {
    return signature;
  }

  Value call(Rendering rendering, Arguments arguments) {
    Budget budget = rendering.budget();
    budget.enter(LEVELS);
    budget.steps(8);
    Scope inner = body.scope(scope);
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    List<String> parameters = signature.parameters();
    List<Value> positional = arguments.positional();
    for (int i = 0; i < parameters.size(); i++) {
      String name = parameters.get(i);
      Value value = i < positional.size() ? positional.get(i) : named.remove(name);
      if (value == null) {
        int index = i - parameters.size() + signature.defaults().size();
        value =
            index >= 0
                ? signature.defaults().get(index).evaluate(rendering, inner)
                : new Undefined("parameter '" + name + "' was not provided");
      }
      inner.set(name, value);
    }
    bindSpecial(budget, inner, positional, named);
    TextBuilder out = new TextBuilder(budget);
    body.execute(rendering, inner, out);
    budget.leave(LEVELS);
    return out.text();
  }

  private void bindSpecial(
      Budget budget, Scope inner, List<Value> positional, Map<String, Value> named) {
    List<String> special = signature.special();
    if (special.contains("caller") && !signature.parameters().contains("caller")) {
      Value caller = named.remove("caller");
      inner.set("caller", caller != null ? caller : new Undefined("No caller defined"));
    }
    if (special.contains("kwargs")) {
      budget.entries(named.size());
      Map<Key, Value> entries = new LinkedHashMap<>();
      named.forEach((name, value) -> entries.put(new Key(Text.of(name)), value));
      inner.set("kwargs", new Dictionary(entries));
    } else if (!named.isEmpty()) {
      throw TemplateException.runtime(
          "macro '"
              + signature.name()
              + "' takes no keyword argument '"
              + named.keySet().iterator().next()
              + "'");
    }
    int count = signature.parameters().size();
    if (special.contains("varargs")) {
      inner.set(
          "varargs",
          new Sequence(
              positional.size() > count ? positional.subList(count, positional.size()) : List.of(),
              Sequence.Form.TUPLE));
    } else if (positional.size() > count) {
      throw TemplateException.runtime(
          "macro '" + signature.name() + "' takes not more than " + count + " argument(s)");
    }
  }

  @Override
  public String type() {
    return "Macro";
  }
}

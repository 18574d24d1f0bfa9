package dev.mor4j.runtime.template;

import java.util.List;

/** What a value is assigned to. */
sealed interface Target {
  void assign(Rendering rendering, Scope scope, Value value);

  /** A variable. */
  record Variable(String name) implements Target {
    @Override
    public void assign(Rendering rendering, Scope scope, Value value) {
      scope.set(name, value);
    }
  }

  /** An attribute of a namespace. */
  record Attribute(String object, String name) implements Target {
    @Override
    public void assign(Rendering rendering, Scope scope, Value value) {
      if (!(scope.get(object) instanceof Namespace namespace)) {
        throw TemplateException.runtime("cannot assign attribute on non-namespace object");
      }
      rendering.budget().entries(1);
      namespace.attributes().put(name, value);
    }
  }

  /** Several, one for each part of a value. */
  record Several(List<Target> targets) implements Target {
    @Override
    public void assign(Rendering rendering, Scope scope, Value value) {
      List<Value> values = Iteration.list(rendering.budget(), value);
      if (values.size() != targets.size()) {
        throw TemplateException.runtime(
            values.size() < targets.size()
                ? "not enough values to unpack (expected "
                    + targets.size()
                    + ", got "
                    + values.size()
                    + ")"
                : "too many values to unpack (expected " + targets.size() + ")");
      }
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(rendering, scope, values.get(i));
      }
    }
  }
}

package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The kinds of expressions. */
final class Expressions {
  private Expressions() {}

  /** A literal. */
  static final class Constant extends Expression {
    private final Value value;

    Constant(Value value, int line) {
      super(1, line);
      this.value = value;
    }

    Value value() {
      return value;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return value;
    }
  }

  /** A variable. */
  static final class Name extends Expression {
    private final String name;

    Name(String name, int line) {
      super(1, line);
      this.name = name;
    }

    String name() {
      return name;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return scope.get(name);
    }
  }

  /** A list or a tuple. */
  static final class Items extends Expression {
    private final List<Expression> items;
    private final Sequence.Form form;

    Items(List<Expression> items, Sequence.Form form, int line) {
      super(1 + deepest(items), line);
      this.items = items;
      this.form = form;
    }

    List<Expression> items() {
      return items;
    }

    boolean isTuple() {
      return form != Sequence.Form.LIST;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      rendering.budget().list(items.size());
      List<Value> values = new ArrayList<>(items.size());
      for (Expression item : items) {
        values.add(item.evaluate(rendering, scope));
      }
      return new Sequence(values, form);
    }
  }

  /** A dictionary. */
  static final class Entries extends Expression {
    private final List<Expression> keys;
    private final List<Expression> values;

    Entries(List<Expression> keys, List<Expression> values, int line) {
      super(1 + Math.max(deepest(keys), deepest(values)), line);
      this.keys = keys;
      this.values = values;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      rendering.budget().entries(keys.size());
      Map<Key, Value> entries = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        Key key = Key.of(rendering.budget(), keys.get(i).evaluate(rendering, scope));
        entries.put(key, values.get(i).evaluate(rendering, scope));
      }
      return new Dictionary(entries);
    }
  }

  /** {@code a.name}. */
  static final class Attribute extends Expression {
    private final Expression object;
    private final String name;

    Attribute(Expression object, String name, int line) {
      super(1 + object.depth(), line);
      this.object = object;
      this.name = name;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return Attributes.attribute(rendering, object.evaluate(rendering, scope), name);
    }
  }

  /** {@code a[key]}. */
  static final class Item extends Expression {
    private final Expression object;
    private final Expression key;

    Item(Expression object, Expression key, int line) {
      super(1 + Math.max(object.depth(), key.depth()), line);
      this.object = object;
      this.key = key;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value value = object.evaluate(rendering, scope);
      return Attributes.item(rendering, value, key.evaluate(rendering, scope));
    }
  }

  /** {@code a[start:stop:step]}; what is left out is null. */
  static final class Slice extends Expression {
    private final Expression object;
    private final List<Expression> bounds;

    Slice(Expression object, List<Expression> bounds, int line) {
      super(1 + Math.max(object.depth(), deepest(bounds)), line);
      this.object = object;
      this.bounds = bounds;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value value = object.evaluate(rendering, scope);
      Value[] values = new Value[3];
      for (int i = 0; i < 3; i++) {
        values[i] =
            bounds.get(i) == null ? Value.None.NONE : bounds.get(i).evaluate(rendering, scope);
      }
      return Slices.slice(rendering.budget(), value, values);
    }
  }

  /** The arguments of a call. */
  record Call(
      List<Expression> positional,
      Map<String, Expression> named,
      Expression more,
      Expression moreNamed) {
    static final Call NONE = new Call(List.of(), Map.of(), null, null);

    int depth() {
      int depth = Math.max(Expression.deepest(positional), Expression.deepest(named.values()));
      depth = more == null ? depth : Math.max(depth, more.depth());
      return moreNamed == null ? depth : Math.max(depth, moreNamed.depth());
    }

    Arguments evaluate(Rendering rendering, Scope scope) {
      if (positional.isEmpty() && named.isEmpty() && more == null && moreNamed == null) {
        return Arguments.NONE;
      }
      List<Value> values = new ArrayList<>(positional.size());
      for (Expression argument : positional) {
        values.add(argument.evaluate(rendering, scope));
      }
      Map<String, Value> names = new LinkedHashMap<>();
      for (Map.Entry<String, Expression> argument : named.entrySet()) {
        names.put(argument.getKey(), argument.getValue().evaluate(rendering, scope));
      }
      if (more != null) {
        values.addAll(Iteration.list(rendering.budget(), more.evaluate(rendering, scope)));
      }
      if (moreNamed != null) {
        if (!(moreNamed.evaluate(rendering, scope) instanceof Dictionary dictionary)) {
          throw TemplateException.runtime("argument after ** must be a mapping");
        }
        rendering.budget().entries(dictionary.size());
        for (Map.Entry<Key, Value> entry : dictionary.entries().entrySet()) {
          if (!(entry.getKey().value() instanceof Text key)) {
            throw TemplateException.runtime("keywords must be strings");
          }
          names.put(key.toString(), entry.getValue());
        }
      }
      return new Arguments(values, names);
    }
  }

  /** {@code a(…)}. */
  static final class Invocation extends Expression {
    private final Expression callee;
    private final Call call;

    Invocation(Expression callee, Call call, int line) {
      super(1 + Math.max(callee.depth(), call.depth()), line);
      this.callee = callee;
      this.call = call;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value function = callee.evaluate(rendering, scope);
      return Attributes.call(rendering, function, call.evaluate(rendering, scope));
    }

    /** The call with {@code caller} as one more argument, as a {@code call} block makes it. */
    Value invoke(Rendering rendering, Scope scope, Macro caller) {
      Value function = callee.evaluate(rendering, scope);
      Arguments arguments = call.evaluate(rendering, scope);
      Map<String, Value> named = new LinkedHashMap<>(arguments.named());
      named.put("caller", caller);
      return Attributes.call(rendering, function, new Arguments(arguments.positional(), named));
    }
  }

  /** {@code a|name(…)}; the value is null where a block is what is filtered. */
  static final class Filtered extends Expression {
    private final Expression value;
    private final String name;
    private final Call call;

    Filtered(Expression value, String name, Call call, int line) {
      super(1 + Math.max(value == null ? 0 : value.depth(), call.depth()), line);
      this.value = value;
      this.name = name;
      this.call = call;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return apply(rendering, scope, value == null ? null : value.evaluate(rendering, scope));
    }

    /** Applies the chain of filters that ends here to {@code block}, what a block wrote. */
    Value filter(Rendering rendering, Scope scope, Value block) {
      Value input = value instanceof Filtered inner ? inner.filter(rendering, scope, block) : block;
      return apply(rendering, scope, input);
    }

    private Value apply(Rendering rendering, Scope scope, Value input) {
      return Filters.get(name).apply(rendering, input, call.evaluate(rendering, scope));
    }
  }

  /** {@code a is name(…)}. */
  static final class Tested extends Expression {
    private final Expression value;
    private final String name;
    private final Call call;

    Tested(Expression value, String name, Call call, int line) {
      super(1 + Math.max(value.depth(), call.depth()), line);
      this.value = value;
      this.name = name;
      this.call = call;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value input = value.evaluate(rendering, scope);
      return Value.Bool.of(
          ValueTests.get(name).test(rendering, input, call.evaluate(rendering, scope)));
    }
  }

  /** {@code not a}. */
  static final class Not extends Expression {
    private final Expression value;

    Not(Expression value, int line) {
      super(1 + value.depth(), line);
      this.value = value;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return Value.Bool.of(!Iteration.truth(value.evaluate(rendering, scope)));
    }
  }

  /** {@code -a} and {@code +a}. */
  static final class Signed extends Expression {
    private final Expression value;
    private final boolean negative;

    Signed(Expression value, boolean negative, int line) {
      super(1 + value.depth(), line);
      this.value = value;
      this.negative = negative;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      return Arithmetic.signed(value.evaluate(rendering, scope), negative);
    }
  }

  /** {@code a and b}, {@code a or b}: one of the two values. */
  static final class Logical extends Expression {
    private final Expression left;
    private final Expression right;
    private final boolean and;

    Logical(Expression left, Expression right, boolean and, int line) {
      super(1 + Math.max(left.depth(), right.depth()), line);
      this.left = left;
      this.right = right;
      this.and = and;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value value = left.evaluate(rendering, scope);
      return Iteration.truth(value) == and ? right.evaluate(rendering, scope) : value;
    }
  }

  /** Arithmetic with two values. */
  static final class Binary extends Expression {
    private final Expression left;
    private final String operator;
    private final Expression right;

    Binary(Expression left, String operator, Expression right, int line) {
      super(1 + Math.max(left.depth(), right.depth()), line);
      this.left = left;
      this.operator = operator;
      this.right = right;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value value = left.evaluate(rendering, scope);
      return Arithmetic.binary(rendering, operator, value, right.evaluate(rendering, scope));
    }
  }

  /** {@code a ~ b ~ c}. */
  static final class Concatenation extends Expression {
    private final List<Expression> parts;

    Concatenation(List<Expression> parts, int line) {
      super(1 + deepest(parts), line);
      this.parts = parts;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      TextBuilder out = new TextBuilder(rendering.budget());
      for (Expression part : parts) {
        Printing.print(rendering.budget(), part.evaluate(rendering, scope), out);
      }
      return out.text();
    }
  }

  /** {@code a < b < c}: all of them hold; what follows the first that does not is not computed. */
  static final class Comparing extends Expression {
    private final Expression first;
    private final List<String> operators;
    private final List<Expression> others;

    Comparing(Expression first, List<String> operators, List<Expression> others, int line) {
      super(1 + Math.max(first.depth(), deepest(others)), line);
      this.first = first;
      this.operators = operators;
      this.others = others;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      Value left = first.evaluate(rendering, scope);
      for (int i = 0; i < operators.size(); i++) {
        Value right = others.get(i).evaluate(rendering, scope);
        if (!Comparison.holds(rendering.budget(), operators.get(i), left, right)) {
          return Value.Bool.FALSE;
        }
        left = right;
      }
      return Value.Bool.TRUE;
    }
  }

  /** {@code a if b else c}; without {@code else}, c is null. */
  static final class Conditional extends Expression {
    private final Expression test;
    private final Expression yes;
    private final Expression no;

    Conditional(Expression test, Expression yes, Expression no, int line) {
      super(1 + Math.max(test.depth(), Math.max(yes.depth(), no == null ? 0 : no.depth())), line);
      this.test = test;
      this.yes = yes;
      this.no = no;
    }

    @Override
    Value compute(Rendering rendering, Scope scope) {
      if (Iteration.truth(test.evaluate(rendering, scope))) {
        return yes.evaluate(rendering, scope);
      }
      return no != null
          ? no.evaluate(rendering, scope)
          : new Undefined(
              "the inline if-expression evaluated to false and no else section was defined.");
    }
  }
}

package dev.mor4j.runtime.template;

import java.util.Iterator;
import java.util.List;

/** The kinds of statements. */
final class Statements {
  private Statements() {}

  /** What stands between the tags. */
  static final class Data extends Statement {
    private final Text text;

    Data(Text text, int line) {
      super(line);
      this.text = text;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      out.add(text);
      return Flow.NEXT;
    }
  }

  /** {@code {{ value }}}. */
  static final class Print extends Statement {
    private final Expression value;

    Print(Expression value, int line) {
      super(line);
      this.value = value;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      Printing.print(rendering.budget(), value.evaluate(rendering, scope), out);
      out.touch();
      return Flow.NEXT;
    }
  }

  /** {@code if}, {@code elif}, {@code else}; the last body is that of {@code else}. */
  static final class If extends Statement {
    private final List<Expression> tests;
    private final List<Block> bodies;

    If(List<Expression> tests, List<Block> bodies, int line) {
      super(line);
      this.tests = tests;
      this.bodies = bodies;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      int chosen = 0;
      while (chosen < tests.size()
          && !Iteration.truth(tests.get(chosen).evaluate(rendering, scope))) {
        chosen++;
      }
      if (chosen == bodies.size()) {
        return Flow.NEXT;
      }
      rendering.budget().enter();
      Flow flow = bodies.get(chosen).execute(rendering, scope, out);
      rendering.budget().leave();
      return flow;
    }
  }

  /** {@code for}. */
  static final class For extends Statement {
    /** Evaluations that need as much stack as a loop that calls itself. */
    private static final int LEVELS = 3;

    private final Target target;
    private final Expression values;
    private final Expression test;
    private final boolean recursive;
    private final Block body;
    private final Block otherwise;

    /** Test and last body are null where the loop has none. */
    For(Head head, Block body, Block otherwise, int line) {
      super(line);
      this.target = head.target();
      this.values = head.values();
      this.test = head.test();
      this.recursive = head.recursive();
      this.body = body;
      this.otherwise = otherwise;
    }

    /** The first tag of a loop. */
    record Head(Target target, Expression values, Expression test, boolean recursive) {}

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      Value iterated = values.evaluate(rendering, scope);
      if (recursive) {
        // As in Jinja, what a recursive loop writes is a text of its own.
        out.add((Text) recurse(rendering, scope, iterated, 0));
      } else {
        run(rendering, scope, iterated, 0, out);
      }
      return Flow.NEXT;
    }

    private Value recurse(Rendering rendering, Scope scope, Value iterated, int depth) {
      TextBuilder out = new TextBuilder(rendering.budget());
      rendering.budget().enter(LEVELS);
      run(rendering, scope, iterated, depth, out);
      rendering.budget().leave(LEVELS);
      return out.text();
    }

    private void run(Rendering rendering, Scope scope, Value iterated, int depth, TextBuilder out) {
      Budget budget = rendering.budget();
      budget.enter();
      Iterator<Value> iterator = Iteration.iterator(budget, iterated);
      int length = Iteration.knownLength(iterated);
      if (test != null) {
        iterator = Iteration.filter(iterator, value -> passes(rendering, scope, value));
        length = -1;
      }
      Loop loop = new Loop(iterator, length, depth, budget);
      if (recursive) {
        loop.recursive((more, level) -> recurse(rendering, scope, more, level));
      }
      boolean any = false;
      for (Value value = loop.advance(); value != null; value = loop.advance()) {
        any = true;
        Scope inner = body.scope(scope);
        inner.set("loop", loop);
        target.assign(rendering, inner, value);
        if (body.execute(rendering, inner, out) == Flow.BREAK) {
          break;
        }
      }
      if (!any && otherwise != null) {
        otherwise.execute(rendering, otherwise.scope(scope), out);
      }
      budget.leave();
    }

    private boolean passes(Rendering rendering, Scope scope, Value value) {
      rendering.budget().step();
      Scope inner = new Scope(scope);
      target.assign(rendering, inner, value);
      return Iteration.truth(test.evaluate(rendering, inner));
    }
  }

  /** {@code break} and {@code continue}. */
  static final class Jump extends Statement {
    private final Flow flow;

    Jump(Flow flow, int line) {
      super(line);
      this.flow = flow;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      return flow;
    }
  }

  /** {@code set a = b}. */
  static final class Set extends Statement {
    private final Target target;
    private final Expression value;

    Set(Target target, Expression value, int line) {
      super(line);
      this.target = target;
      this.value = value;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      target.assign(rendering, scope, value.evaluate(rendering, scope));
      return Flow.NEXT;
    }
  }

  /** {@code set a}, with a block as the value; the filter is null where there is none. */
  static final class SetBlock extends Statement {
    private final Target target;
    private final Expressions.Filtered filter;
    private final Block body;

    SetBlock(Target target, Expressions.Filtered filter, Block body, int line) {
      super(line);
      this.target = target;
      this.filter = filter;
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      rendering.budget().enter();
      Scope inner = body.scope(scope);
      TextBuilder block = new TextBuilder(rendering.budget());
      Flow flow = body.execute(rendering, inner, block);
      rendering.budget().leave();
      if (flow == Flow.NEXT) {
        Value text = block.text();
        target.assign(
            rendering, scope, filter == null ? text : filter.filter(rendering, inner, text));
      }
      return flow;
    }
  }

  /** {@code filter}. */
  static final class FilterBlock extends Statement {
    private final Expressions.Filtered filter;
    private final Block body;

    FilterBlock(Expressions.Filtered filter, Block body, int line) {
      super(line);
      this.filter = filter;
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      rendering.budget().enter();
      Scope inner = body.scope(scope);
      TextBuilder block = new TextBuilder(rendering.budget());
      Flow flow = body.execute(rendering, inner, block);
      rendering.budget().leave();
      if (flow == Flow.NEXT) {
        Printing.print(rendering.budget(), filter.filter(rendering, inner, block.text()), out);
      }
      return flow;
    }
  }

  /** {@code with}: names for a block. */
  static final class With extends Statement {
    private final List<Target> targets;
    private final List<Expression> values;
    private final Block body;

    With(List<Target> targets, List<Expression> values, Block body, int line) {
      super(line);
      this.targets = targets;
      this.values = values;
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      rendering.budget().enter();
      Scope inner = body.scope(scope);
      for (int i = 0; i < targets.size(); i++) {
        targets.get(i).assign(rendering, inner, values.get(i).evaluate(rendering, scope));
      }
      Flow flow = body.execute(rendering, inner, out);
      rendering.budget().leave();
      return flow;
    }
  }

  /** {@code macro}. */
  static final class Define extends Statement {
    private final Macro.Signature signature;
    private final Block body;

    Define(Macro.Signature signature, Block body, int line) {
      super(line);
      this.signature = signature;
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      scope.set(signature.name(), new Macro(signature, body, scope));
      return Flow.NEXT;
    }
  }

  /** {@code call}. */
  static final class CallBlock extends Statement {
    private final Macro.Signature signature;
    private final Expressions.Invocation call;
    private final Block body;

    CallBlock(Macro.Signature signature, Expressions.Invocation call, Block body, int line) {
      super(line);
      this.signature = signature;
      this.call = call;
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      Macro caller = new Macro(signature, body, scope);
      Printing.print(rendering.budget(), call.invoke(rendering, scope, caller), out);
      return Flow.NEXT;
    }
  }

  /** {@code generation}: what the model itself writes, as {@code transformers} counts it. */
  static final class Generation extends Statement {
    private final Block body;

    Generation(Block body, int line) {
      super(line);
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      rendering.budget().enter();
      TextBuilder block = new TextBuilder(rendering.budget());
      body.execute(rendering, body.scope(scope), block);
      rendering.budget().leave();
      rendering.budget().list(1);
      int begin = rendering.output().length();
      // Before the first output, transformers does not count: its tracker looks inactive then.
      if (rendering.output().isTouched() || !rendering.generated().isEmpty()) {
        rendering.generated().add(new RenderedText.Span(begin, begin + block.length()));
      }
      out.add(block.text());
      return Flow.NEXT;
    }
  }

  /** A block that another template could replace: there is none, so it is its body. */
  static final class Named extends Statement {
    private final Block body;

    Named(Block body, int line) {
      super(line);
      this.body = body;
    }

    @Override
    Flow execute(Rendering rendering, Scope scope, TextBuilder out) {
      rendering.budget().enter();
      body.execute(rendering, body.scope(scope), out);
      rendering.budget().leave();
      return Flow.NEXT;
    }
  }
}

package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses the statements of a template. */
final class Parser {
  /** Levels of parentheses, lists, arguments. */
  static final int MAX_NESTING = 24;

  /** Levels of the tree of an expression. */
  static final int MAX_DEPTH = 150;

  private static final int MAX_BLOCKS = 30;
  private static final int MAX_BRANCHES = 1000;
  private static final int MAX_LENGTH = 1 << 20;

  private final TokenStream stream;
  private final Names names = new Names();
  private final ExpressionParser expressions;
  private int blocks;
  private int loops;

  private Parser(List<Token> tokens) {
    this.stream = new TokenStream(tokens);
    this.expressions = new ExpressionParser(stream, names);
  }

  /**
   * The tree of {@code template}.
   *
   * @throws TemplateException where it is no template
   */
  static Block parse(String template) {
    if (template.length() > MAX_LENGTH) {
      throw TemplateException.syntax(
          "the template has " + template.length() + " characters, expected at most " + MAX_LENGTH,
          0);
    }
    Parser parser = new Parser(Lexer.tokens(template));
    parser.names.open();
    Block block = parser.block(null);
    parser.names.resolve();
    return block;
  }

  /** Statements up to one of {@code ends}, whose name is then current, or up to the end. */
  private Block block(String tag, String... ends) {
    if (++blocks > MAX_BLOCKS) {
      throw TemplateException.syntax(
          "blocks are nested in more than " + MAX_BLOCKS + " levels", stream.line());
    }
    List<Statement> statements = new ArrayList<>();
    while (!stream.current().is(Token.Type.END)) {
      Token token = stream.next();
      switch (token.type()) {
        case DATA -> statements.add(new Statements.Data(Text.of(token.text()), token.line()));
        case VARIABLE_BEGIN -> {
          statements.add(new Statements.Print(expressions.tuple(false, true, null), token.line()));
          stream.expect(Token.Type.VARIABLE_END);
        }
        default -> {
          for (String end : ends) {
            if (stream.current().isName(end)) {
              blocks--;
              return new Block(statements, names.current());
            }
          }
          statements.add(statement(tag, ends));
          stream.expect(Token.Type.BLOCK_END);
        }
      }
    }
    if (ends.length > 0) {
      throw TemplateException.syntax(
          "Unexpected end of template. Jinja was looking for the following tags: '"
              + String.join("' or '", ends)
              + "'. The innermost block that needs to be closed is '"
              + tag
              + "'.",
          stream.line());
    }
    blocks--;
    return new Block(statements, names.current());
  }

  /** A block whose first tag ends here, up to {@code end}, which is skipped. */
  private Block body(String tag, String end) {
    Block body = open(tag, end);
    stream.next();
    return body;
  }

  private Block open(String tag, String... ends) {
    stream.skipOperator(":");
    stream.expect(Token.Type.BLOCK_END);
    return block(tag, ends);
  }

  private Statement statement(String outer, String[] ends) {
    Token token = stream.current();
    if (!token.is(Token.Type.NAME)) {
      throw TemplateException.syntax("tag name expected", token.line());
    }
    stream.next();
    int line = token.line();
    return switch (token.text()) {
      case "if" -> ifStatement(line);
      case "for" -> forStatement(line);
      case "set" -> setStatement(line);
      case "with" -> withStatement(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "filter" -> filterBlock(line);
      case "generation" -> generation(line);
      case "block" -> named(line);
      case "print" -> new Statements.Print(expressions.tuple(false, true, null), line);
      case "break" -> jump(Statement.Flow.BREAK, "break", line);
      case "continue" -> jump(Statement.Flow.CONTINUE, "continue", line);
      case "include", "import", "extends", "from", "autoescape" ->
          throw TemplateException.syntax(
              "the tag '" + token.text() + "' is not supported in chat templates", line);
      default ->
          throw TemplateException.syntax(
              "Encountered unknown tag '"
                  + token.text()
                  + "'."
                  + (ends.length == 0
                      ? ""
                      : " Jinja was looking for the following tags: '"
                          + String.join("' or '", ends)
                          + "'. The innermost block that needs to be closed is '"
                          + outer
                          + "'."),
              line);
    };
  }

  private Statement ifStatement(int line) {
    expressions.soft(expressions.soft() + 1);
    List<Expression> tests = new ArrayList<>();
    List<Block> bodies = new ArrayList<>();
    Names.Branches branches = branch(tests, bodies);
    branches.begin();
    String next = stream.next().text();
    while (next.equals("elif")) {
      branch(tests, bodies).close();
      if (bodies.size() > MAX_BRANCHES) {
        throw TemplateException.syntax(
            "an if has more than " + MAX_BRANCHES + " branches", stream.line());
      }
      next = stream.next().text();
    }
    branches.end();
    branches.begin();
    if (next.equals("else")) {
      bodies.add(body("if", "endif"));
    }
    branches.end();
    branches.close();
    expressions.soft(expressions.soft() - 1);
    return new Statements.If(tests, bodies, line);
  }

  /** A test and its body. */
  private Names.Branches branch(List<Expression> tests, List<Block> bodies) {
    tests.add(expressions.tuple(false, false, null));
    Names.Branches branches = names.branches();
    branches.begin();
    bodies.add(open("if", "elif", "else", "endif"));
    branches.end();
    return branches;
  }

  private Statement forStatement(int line) {
    Target target = target(true, false, "in");
    if (names(target).contains("loop")) {
      throw TemplateException.syntax(
          "Can't assign to special loop variable in for-loop target", line);
    }
    stream.expectName("in");
    Expression values = expressions.tuple(false, false, "recursive");
    names.open();
    names(target).forEach(names::parameter);
    Expression test = stream.skipName("if") ? expressions.expression() : null;
    names.leave();
    boolean recursive = stream.skipName("recursive");
    int soft = expressions.soft();
    expressions.soft(0);
    loops++;
    names.open();
    names(target).forEach(names::parameter);
    Block body = open("for", "endfor", "else");
    names.leave();
    loops--;
    names.open();
    Block otherwise = stream.next().text().equals("else") ? body("for", "endfor") : null;
    names.leave();
    expressions.soft(soft);
    return new Statements.For(
        new Statements.For.Head(target, values, test, recursive), body, otherwise, line);
  }

  private Statement jump(Statement.Flow flow, String name, int line) {
    if (loops == 0) {
      throw TemplateException.syntax("'" + name + "' outside loop", line);
    }
    return new Statements.Jump(flow, line);
  }

  private Statement setStatement(int line) {
    Target target = target(true, true, null);
    if (loops > 0 && names(target).contains("loop")) {
      throw TemplateException.syntax(
          "Can't assign to special loop variable in for-loop target", line);
    }
    if (stream.skipOperator("=")) {
      Expression value = expressions.tuple(false, true, null);
      assigned(target);
      return new Statements.Set(target, value, line);
    }
    Expressions.Filtered filter = null;
    while (stream.current().isOperator("|")) {
      filter = expressions.filter(filter);
    }
    assigned(target);
    return new Statements.SetBlock(target, filter, part("set", "endset"), line);
  }

  private void assigned(Target target) {
    switch (target) {
      case Target.Variable variable -> names.set(variable.name());
      case Target.Attribute attribute -> names.read(attribute.object());
      case Target.Several several -> several.targets().forEach(this::assigned);
    }
  }

  /** A body with names of its own. */
  private Block part(String tag, String end) {
    names.open();
    Block body = hard(tag, end);
    names.leave();
    return body;
  }

  /** A body of its own scope, in which unknown filters are errors at once. */
  private Block hard(String tag, String end) {
    int soft = expressions.soft();
    expressions.soft(0);
    Block body = body(tag, end);
    expressions.soft(soft);
    return body;
  }

  /** A body that is a function: loops around it cannot be left from inside. */
  private Block function(String tag, String end) {
    int outer = loops;
    loops = 0;
    Block body = hard(tag, end);
    loops = outer;
    return body;
  }

  private Block functionPart(String tag, String end) {
    names.open();
    Block body = function(tag, end);
    names.leave();
    return body;
  }

  private Statement withStatement(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!stream.current().is(Token.Type.BLOCK_END)) {
      if (!targets.isEmpty()) {
        stream.expectOperator(",");
      }
      targets.add(primaryTarget(false));
      stream.expectOperator("=");
      values.add(expressions.expression());
    }
    names.open();
    targets.forEach(this::assigned);
    Block body = hard("with", "endwith");
    names.leave();
    return new Statements.With(targets, values, body, line);
  }

  private Statement macro(int line) {
    String name = assignable(stream.expect(Token.Type.NAME));
    return define(name, line);
  }

  private Statement define(String name, int line) {
    names.set(name);
    names.open();
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    signature(parameters, defaults);
    Set<String> read = new HashSet<>();
    Set<String> outer = names.swapRead(read);
    Block body = function("macro", "endmacro");
    Macro.Signature signature =
        new Macro.Signature(name, parameters, defaults, special(parameters, read));
    outer.addAll(read);
    names.swapRead(outer);
    names.leave();
    return new Statements.Define(signature, body, line);
  }

  private static List<String> special(List<String> parameters, Set<String> read) {
    List<String> special = new ArrayList<>();
    for (String name : List.of("caller", "kwargs", "varargs")) {
      if (read.contains(name) && !parameters.contains(name)) {
        special.add(name);
      }
    }
    return special;
  }

  private void signature(List<String> parameters, List<Expression> defaults) {
    stream.expectOperator("(");
    while (!stream.current().isOperator(")")) {
      if (!parameters.isEmpty()) {
        stream.expectOperator(",");
      }
      String name = assignable(stream.expect(Token.Type.NAME));
      if (parameters.contains(name)) {
        throw TemplateException.syntax("duplicate argument '" + name + "'", stream.line());
      }
      parameters.add(name);
      names.parameter(name);
      if (stream.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw TemplateException.syntax(
            "non-default argument follows default argument", stream.line());
      }
    }
    stream.next();
  }

  private Statement callBlock(int line) {
    List<String> parameters = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    Names.Part part = names.open();
    if (stream.current().isOperator("(")) {
      signature(parameters, defaults);
    }
    names.leave();
    if (!(expressions.expression() instanceof Expressions.Invocation call)) {
      throw TemplateException.syntax("expected call", line);
    }
    names.reenter(part);
    Set<String> read = new HashSet<>();
    Set<String> outer = names.swapRead(read);
    Block body = function("call", "endcall");
    Macro.Signature signature =
        new Macro.Signature("caller", parameters, defaults, special(parameters, read));
    outer.addAll(read);
    names.swapRead(outer);
    names.leave();
    return new Statements.CallBlock(signature, call, body, line);
  }

  private Statement filterBlock(int line) {
    Expressions.Filtered filter = expressions.filterName(null);
    while (stream.current().isOperator("|")) {
      filter = expressions.filter(filter);
    }
    return new Statements.FilterBlock(filter, part("filter", "endfilter"), line);
  }

  private Statement generation(int line) {
    return new Statements.Generation(functionPart("generation", "endgeneration"), line);
  }

  private Statement named(int line) {
    String name = stream.expect(Token.Type.NAME).text();
    stream.skipName("scoped");
    stream.skipName("required");
    Block body = functionPart("block", "endblock");
    stream.skipName(name);
    return new Statements.Named(body, line);
  }

  private static String assignable(Token token) {
    return switch (token.text()) {
      case "true", "false", "none", "True", "False", "None" ->
          throw TemplateException.syntax("can't assign to 'const'", token.line());
      default -> token.text();
    };
  }

  private Target primaryTarget(boolean namespaces) {
    if (stream.skipOperator("(")) {
      if (++blocks > MAX_BLOCKS) {
        throw TemplateException.syntax(
            "targets are nested in more than " + MAX_BLOCKS + " levels", stream.line());
      }
      Target target = target(true, namespaces, null);
      stream.expectOperator(")");
      blocks--;
      return target;
    }
    if (!stream.current().is(Token.Type.NAME)) {
      throw TemplateException.syntax(
          "can't assign to " + stream.current().description(), stream.line());
    }
    String name = assignable(stream.next());
    if (namespaces && stream.skipOperator(".")) {
      return new Target.Attribute(name, stream.expect(Token.Type.NAME).text());
    }
    return new Target.Variable(name);
  }

  private Target target(boolean several, boolean namespaces, String end) {
    List<Target> targets = new ArrayList<>();
    targets.add(primaryTarget(namespaces));
    boolean tuple = false;
    while (several && stream.skipOperator(",")) {
      tuple = true;
      Token token = stream.current();
      if (token.is(Token.Type.BLOCK_END)
          || token.isOperator(")")
          || token.isOperator("=")
          || (end != null && token.isName(end))) {
        break;
      }
      targets.add(primaryTarget(namespaces));
    }
    return tuple ? new Target.Several(targets) : targets.get(0);
  }

  private static List<String> names(Target target) {
    return switch (target) {
      case Target.Variable variable -> List.of(variable.name());
      case Target.Attribute ignored -> List.of();
      case Target.Several several ->
          several.targets().stream().flatMap(part -> names(part).stream()).toList();
    };
  }
}

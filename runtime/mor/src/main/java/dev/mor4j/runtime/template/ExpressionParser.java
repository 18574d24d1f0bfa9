package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses expressions with Jinja's own precedences: unary minus binds tighter than a power, {@code
 * ~} tighter than {@code +}, powers group to the left, and filters belong to the last operand.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");

  private final TokenStream stream;

  private final Names names;

  private int nesting;

  /** Above 0 where an unknown filter or test fails only when it is reached, as in Jinja. */
  private int soft;

  ExpressionParser(TokenStream stream, Names names) {
    this.stream = stream;
    this.names = names;
  }

  int soft() {
    return soft;
  }

  void soft(int value) {
    soft = value;
  }

  private TemplateException fail(String message) {
    return TemplateException.syntax(message, stream.line());
  }

  Expression expression() {
    return expression(true);
  }

  Expression expression(boolean conditional) {
    if (++nesting > Parser.MAX_NESTING) {
      throw fail("expressions are nested in more than " + Parser.MAX_NESTING + " levels");
    }
    Expression result = logical("or");
    if (conditional) {
      int line = stream.line();
      while (stream.skipName("if")) {
        Expression test = logical("or");
        Expression no = stream.skipName("else") ? expression() : null;
        result = new Expressions.Conditional(test, result, no, line);
      }
    }
    nesting--;
    return result;
  }

  private Expression logical(String operator) {
    boolean or = operator.equals("or");
    Expression left = or ? logical("and") : negation();
    while (stream.current().isName(operator)) {
      int line = stream.next().line();
      left = new Expressions.Logical(left, or ? logical("and") : negation(), !or, line);
    }
    return left;
  }

  private Expression negation() {
    int count = 0;
    int line = stream.line();
    while (stream.skipName("not")) {
      count++;
    }
    Expression value = comparison();
    for (int i = 0; i < count; i++) {
      value = new Expressions.Not(value, line);
    }
    return value;
  }

  private Expression comparison() {
    int line = stream.line();
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    while (true) {
      Token token = stream.current();
      if (token.is(Token.Type.OPERATOR) && COMPARISONS.contains(token.text())) {
        stream.next();
        operators.add(token.text());
      } else if (stream.skipName("in")) {
        operators.add("in");
      } else if (token.isName("not") && stream.look().isName("in")) {
        stream.next();
        stream.next();
        operators.add("not in");
      } else {
        break;
      }
      others.add(sum());
    }
    return operators.isEmpty() ? first : new Expressions.Comparing(first, operators, others, line);
  }

  private Expression sum() {
    Expression left = concatenation();
    while (stream.current().isOperator("+") || stream.current().isOperator("-")) {
      Token operator = stream.next();
      left = new Expressions.Binary(left, operator.text(), concatenation(), operator.line());
    }
    return left;
  }

  private Expression concatenation() {
    int line = stream.line();
    Expression first = product();
    if (!stream.current().isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>();
    parts.add(first);
    while (stream.skipOperator("~")) {
      parts.add(product());
    }
    return new Expressions.Concatenation(parts, line);
  }

  private Expression product() {
    Expression left = power();
    while (stream.current().is(Token.Type.OPERATOR) && PRODUCTS.contains(stream.current().text())) {
      Token operator = stream.next();
      left = new Expressions.Binary(left, operator.text(), power(), operator.line());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary();
    while (stream.current().isOperator("**")) {
      int line = stream.next().line();
      left = new Expressions.Binary(left, "**", unary(), line);
    }
    return left;
  }

  private Expression unary() {
    List<Boolean> signs = new ArrayList<>();
    while (stream.current().isOperator("-") || stream.current().isOperator("+")) {
      signs.add(stream.next().text().equals("-"));
    }
    int line = stream.line();
    Expression value = postfix(primary());
    for (boolean negative : signs.reversed()) {
      value = postfix(new Expressions.Signed(value, negative, line));
    }
    return filters(value);
  }

  private Expression primary() {
    Token token = stream.current();
    return switch (token.type()) {
      case NAME -> {
        stream.next();
        yield switch (token.text()) {
          case "true", "True" -> new Expressions.Constant(Value.Bool.TRUE, token.line());
          case "false", "False" -> new Expressions.Constant(Value.Bool.FALSE, token.line());
          case "none", "None" -> new Expressions.Constant(Value.None.NONE, token.line());
          case "self" ->
              throw TemplateException.syntax(
                  "the name 'self' is not supported in chat templates", token.line());
          default -> {
            names.read(token.text());
            yield new Expressions.Name(token.text(), token.line());
          }
        };
      }
      case STRING -> {
        StringBuilder text = new StringBuilder();
        while (stream.current().is(Token.Type.STRING)) {
          text.append(stream.next().text());
        }
        yield new Expressions.Constant(Text.of(text.toString()), token.line());
      }
      case NUMBER -> {
        stream.next();
        yield new Expressions.Constant(token.number(), token.line());
      }
      default -> {
        if (stream.skipOperator("(")) {
          Expression inside = tuple(true, true, null);
          stream.expectOperator(")");
          yield inside;
        }
        if (stream.skipOperator("[")) {
          yield list(token.line());
        }
        if (stream.skipOperator("{")) {
          yield dictionary(token.line());
        }
        throw fail("unexpected " + token.description());
      }
    };
  }

  /**
   * An expression, or several that make a tuple.
   *
   * @param parenthesised whether it may be empty
   * @param end a name that ends it, or null
   */
  Expression tuple(boolean parenthesised, boolean conditional, String end) {
    int line = stream.line();
    List<Expression> items = new ArrayList<>();
    boolean several = false;
    while (true) {
      Token token = stream.current();
      if (token.is(Token.Type.VARIABLE_END)
          || token.is(Token.Type.BLOCK_END)
          || token.isOperator(")")
          || (end != null && token.isName(end))) {
        break;
      }
      items.add(expression(conditional));
      if (!stream.skipOperator(",")) {
        break;
      }
      several = true;
    }
    if (!several && !items.isEmpty()) {
      return items.get(0);
    }
    if (!several && !parenthesised) {
      throw fail("Expected an expression, got " + stream.current().description());
    }
    return new Expressions.Items(items, Sequence.Form.TUPLE, line);
  }

  private Expression list(int line) {
    List<Expression> items = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      if (!items.isEmpty()) {
        stream.expectOperator(",");
        if (stream.current().isOperator("]")) {
          break;
        }
      }
      items.add(expression());
    }
    stream.expectOperator("]");
    return new Expressions.Items(items, Sequence.Form.LIST, line);
  }

  private Expression dictionary(int line) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!stream.current().isOperator("}")) {
      if (!keys.isEmpty()) {
        stream.expectOperator(",");
        if (stream.current().isOperator("}")) {
          break;
        }
      }
      keys.add(expression());
      stream.expectOperator(":");
      values.add(expression());
    }
    stream.expectOperator("}");
    return new Expressions.Entries(keys, values, line);
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      int line = stream.line();
      if (stream.skipOperator(".")) {
        Token token = stream.next();
        if (token.is(Token.Type.NAME)) {
          value = new Expressions.Attribute(value, token.text(), line);
        } else if (token.number() instanceof Int) {
          value = new Expressions.Item(value, new Expressions.Constant(token.number(), line), line);
        } else {
          throw TemplateException.syntax("expected name or number", token.line());
        }
      } else if (stream.skipOperator("[")) {
        value = subscript(value, line);
      } else if (stream.current().isOperator("(")) {
        value = new Expressions.Invocation(value, call(), line);
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression value, int line) {
    List<Expression> keys = new ArrayList<>();
    while (!stream.current().isOperator("]")) {
      if (!keys.isEmpty()) {
        stream.expectOperator(",");
      }
      if (stream.current().isOperator(":")) {
        return sliced(value, null, keys, line);
      }
      Expression key = expression();
      if (stream.current().isOperator(":")) {
        return sliced(value, key, keys, line);
      }
      keys.add(key);
    }
    stream.expectOperator("]");
    return new Expressions.Item(
        value,
        keys.size() == 1 ? keys.get(0) : new Expressions.Items(keys, Sequence.Form.TUPLE, line),
        line);
  }

  private Expression sliced(Expression value, Expression start, List<Expression> keys, int line) {
    Expression[] bounds = {start, null, null};
    for (int i = 1; i < 3 && stream.skipOperator(":"); i++) {
      if (!stream.current().isOperator(":") && !stream.current().isOperator("]")) {
        bounds[i] = expression();
      }
    }
    if (!keys.isEmpty() || stream.current().isOperator(",")) {
      throw fail("a slice cannot be one of several keys");
    }
    stream.expectOperator("]");
    return new Expressions.Slice(value, Collections.unmodifiableList(Arrays.asList(bounds)), line);
  }

  Expressions.Call call() {
    stream.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    Expression more = null;
    Expression moreNamed = null;
    boolean comma = false;
    while (!stream.current().isOperator(")")) {
      if (comma) {
        stream.expectOperator(",");
        if (stream.current().isOperator(")")) {
          break;
        }
      }
      comma = true;
      if (moreNamed != null) {
        throw fail("invalid syntax for function call expression");
      }
      if (stream.skipOperator("**")) {
        moreNamed = expression();
      } else if (stream.current().is(Token.Type.NAME) && stream.look().isOperator("=")) {
        String name = stream.next().text();
        stream.next();
        if (named.put(name, expression()) != null) {
          throw fail("keyword argument repeated: " + name);
        }
      } else if (more == null && stream.skipOperator("*")) {
        more = expression();
      } else if (more == null && named.isEmpty()) {
        positional.add(expression());
      } else {
        throw fail("invalid syntax for function call expression");
      }
    }
    stream.expectOperator(")");
    return new Expressions.Call(positional, named, more, moreNamed);
  }

  private Expression filters(Expression start) {
    Expression value = start;
    while (true) {
      int line = stream.line();
      if (stream.current().isOperator("|")) {
        value = filter(value);
      } else if (stream.skipName("is")) {
        value = test(value, line);
      } else if (stream.current().isOperator("(")) {
        value = new Expressions.Invocation(value, call(), line);
      } else {
        return value;
      }
    }
  }

  /** A filter behind {@code |}. */
  Expressions.Filtered filter(Expression value) {
    stream.expectOperator("|");
    return filterName(value);
  }

  /** A filter's name and arguments. */
  Expressions.Filtered filterName(Expression value) {
    int line = stream.line();
    String name = dotted();
    if (soft == 0 && !Filters.exists(name)) {
      throw TemplateException.syntax(Filters.unknown(name), line);
    }
    Expressions.Call call = stream.current().isOperator("(") ? call() : Expressions.Call.NONE;
    return new Expressions.Filtered(value, name, call, line);
  }

  private String dotted() {
    StringBuilder name = new StringBuilder(stream.expect(Token.Type.NAME).text());
    while (stream.skipOperator(".")) {
      name.append('.').append(stream.expect(Token.Type.NAME).text());
    }
    return name.toString();
  }

  private Expression test(Expression value, int line) {
    boolean negated = stream.skipName("not");
    String name = dotted();
    if (soft == 0 && !ValueTests.exists(name)) {
      throw TemplateException.syntax(ValueTests.unknown(name), line);
    }
    Token token = stream.current();
    Expressions.Call call = Expressions.Call.NONE;
    if (token.isOperator("(")) {
      call = call();
    } else if (token.is(Token.Type.STRING)
        || token.is(Token.Type.NUMBER)
        || token.isOperator("[")
        || token.isOperator("{")
        || (token.is(Token.Type.NAME)
            && !token.isName("else")
            && !token.isName("or")
            && !token.isName("and"))) {
      if (token.isName("is")) {
        throw fail("You cannot chain multiple tests with is");
      }
      call = new Expressions.Call(List.of(postfix(primary())), Map.of(), null, null);
    }
    Expression tested = new Expressions.Tested(value, name, call, line);
    return negated ? new Expressions.Not(tested, line) : tested;
  }
}

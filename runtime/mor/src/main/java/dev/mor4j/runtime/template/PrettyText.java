package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Values over several lines, as Python's {@code pprint} breaks them: at 80 columns, keys in order.
 * Long texts are not broken.
 */
final class PrettyText {
  private static final int WIDTH = 80;

  private final Budget budget;
  private final TextBuilder out;

  private PrettyText(Budget budget) {
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  static Text write(Budget budget, Value value) {
    PrettyText pretty = new PrettyText(budget);
    pretty.write(value, 0, 0);
    return pretty.out.text();
  }

  private Text flat(Value value) {
    TextBuilder text = new TextBuilder(budget);
    Printing.repr(budget, sorted(value), text);
    return text.text();
  }

  private Value sorted(Value value) {
    return switch (value) {
      case Dictionary dictionary -> {
        budget.enter();
        budget.entries(dictionary.size());
        Dictionary result = Dictionary.empty();
        for (Map.Entry<Key, Value> entry : entries(dictionary)) {
          result.entries().put(entry.getKey(), sorted(entry.getValue()));
        }
        budget.leave();
        yield result;
      }
      case Sequence sequence -> {
        budget.enter();
        budget.list(sequence.size());
        List<Value> items = new ArrayList<>();
        for (Value item : sequence.items()) {
          items.add(sorted(item));
        }
        budget.leave();
        yield new Sequence(items, sequence.form());
      }
      default -> value;
    };
  }

  private List<Map.Entry<Key, Value>> entries(Dictionary dictionary) {
    List<Map.Entry<Key, Value>> entries = new ArrayList<>(dictionary.entries().entrySet());
    try {
      entries.sort(
          (a, b) -> Comparison.compare(budget, "<", a.getKey().value(), b.getKey().value()));
    } catch (TemplateException e) {
      if (e.kind() == TemplateException.Kind.LIMIT) {
        throw e;
      }
      // Keys without an order stay as they are.
    }
    return entries;
  }

  /**
   * @param column where the value begins
   * @param behind how many characters come right behind it
   */
  private void write(Value value, int column, int behind) {
    Text flat = flat(value);
    if (flat.length() <= WIDTH - column - behind
        || !(value instanceof Sequence || value instanceof Dictionary)
        || Iteration.length(value) == 0) {
      out.add(flat);
      return;
    }
    budget.enter();
    if (value instanceof Dictionary dictionary) {
      out.add("{");
      int index = 0;
      for (Map.Entry<Key, Value> entry : entries(dictionary)) {
        separate(index++, column);
        Text key = flat(entry.getKey().value());
        out.add(key).add(": ");
        write(
            entry.getValue(),
            column + key.length() + 3,
            index == dictionary.size() ? behind + 1 : 1);
      }
      out.add("}");
    } else {
      Sequence sequence = (Sequence) value;
      out.add(sequence.isTuple() ? "(" : "[");
      for (int i = 0; i < sequence.size(); i++) {
        separate(i, column);
        write(sequence.items().get(i), column + 1, i == sequence.size() - 1 ? behind + 1 : 1);
      }
      out.add(sequence.isTuple() ? sequence.size() == 1 ? ",)" : ")" : "]");
    }
    budget.leave();
  }

  private void separate(int index, int column) {
    if (index > 0) {
      out.add(",\n").addRepeated(' ', column + 1);
    }
  }
}

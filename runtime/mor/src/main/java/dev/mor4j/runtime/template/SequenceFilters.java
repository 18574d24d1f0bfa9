package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Filters on what has values inside. */
final class SequenceFilters {
  private SequenceFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("length", (r, v, a) -> Int.of(Iteration.length(v)));
    filters.put("count", filters.get("length"));
    filters.put("list", (r, v, a) -> Sequence.list(Iteration.list(r.budget(), v)));
    filters.put("items", SequenceFilters::items);
    filters.put("first", SequenceFilters::first);
    filters.put("last", SequenceFilters::last);
    filters.put("random", SequenceFilters::random);
    filters.put("join", SequenceFilters::join);
    filters.put("reverse", SequenceFilters::reverse);
    filters.put("map", SequenceFilters::map);
    filters.put("select", (r, v, a) -> select(r, v, a, true, false));
    filters.put("reject", (r, v, a) -> select(r, v, a, false, false));
    filters.put("selectattr", (r, v, a) -> select(r, v, a, true, true));
    filters.put("rejectattr", (r, v, a) -> select(r, v, a, false, true));
    filters.put("sort", SequenceFilters::sort);
    filters.put("dictsort", SequenceFilters::dictSort);
    filters.put("unique", SequenceFilters::unique);
    filters.put("groupby", SequenceFilters::groupBy);
    filters.put("batch", SequenceFilters::batch);
    filters.put("slice", SequenceFilters::slice);
    filters.put("min", (r, v, a) -> extreme(r, v, a.bind("min", 0, EXTREME), false));
    filters.put("max", (r, v, a) -> extreme(r, v, a.bind("max", 0, EXTREME), true));
    filters.put("sum", SequenceFilters::sum);
  }

  private static final String[] EXTREME = {"case_sensitive", "attribute"};

  private static boolean flag(Value value) {
    return value != null && Iteration.truth(value);
  }

  /** What an attribute gives, in small letters unless case counts. */
  private static Function<Value, Value> getter(
      Rendering rendering, Value attribute, boolean caseSensitive, Value missing) {
    List<Value> path = Attributes.path(attribute);
    return value -> {
      Value found = Attributes.follow(rendering, value, path, missing);
      return caseSensitive ? found : ignoreCase(rendering.budget(), found);
    };
  }

  private static Value ignoreCase(Budget budget, Value value) {
    return value instanceof Text text ? Characters.lower(budget, text) : value;
  }

  private static Value items(Rendering rendering, Value input, Arguments arguments) {
    if (input instanceof Undefined) {
      return new Generator(rendering.budget(), List.<Value>of().iterator());
    }
    if (!(input instanceof Dictionary dictionary)) {
      throw TemplateException.runtime("Can only get item pairs from a mapping.");
    }
    return new Generator(
        rendering.budget(),
        new DictionaryView(dictionary, DictionaryView.Part.ITEMS).iterator(rendering.budget()));
  }

  private static Value first(Rendering rendering, Value input, Arguments arguments) {
    Iterator<Value> values = Iteration.iterator(rendering.budget(), input);
    return values.hasNext() ? values.next() : new Undefined("No first item, sequence was empty.");
  }

  private static Value last(Rendering rendering, Value input, Arguments arguments) {
    if (input instanceof Generator || !Iteration.isIterable(input)) {
      throw TemplateException.runtime("'" + input.type() + "' object is not reversible");
    }
    List<Value> values = Iteration.list(rendering.budget(), input);
    return values.isEmpty() ? new Undefined("No last item, sequence was empty.") : values.getLast();
  }

  private static Value random(Rendering rendering, Value input, Arguments arguments) {
    throw TemplateException.runtime(
        "the filter 'random' is not supported: a prompt must not depend on chance");
  }

  private static Value join(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("join", 0, "d", "attribute");
    Budget budget = rendering.budget();
    Text separator = bound[0] == null ? Text.EMPTY : Printing.string(budget, bound[0]);
    List<Value> path = Attributes.path(bound[1]);
    Iterator<Value> values = Iteration.iterator(budget, input);
    TextBuilder out = new TextBuilder(budget);
    boolean first = true;
    while (values.hasNext()) {
      budget.step();
      out.add(first ? Text.EMPTY : separator);
      first = false;
      Printing.print(budget, Attributes.follow(rendering, values.next(), path, null), out);
    }
    return out.text();
  }

  private static Value reverse(Rendering rendering, Value input, Arguments arguments) {
    Budget budget = rendering.budget();
    if (input instanceof Text text) {
      TextBuilder out = new TextBuilder(budget);
      for (int i = text.length() - 1; i >= 0; i--) {
        out.addRaw(text.raw(i));
      }
      return out.text().safe(text.isSafe());
    }
    List<Value> values = Iteration.list(budget, input);
    return input instanceof Generator
        ? Sequence.list(values.reversed())
        : new Generator(budget, values.reversed().iterator());
  }

  private static Iterator<Value> mapped(Iterator<Value> values, Function<Value, Value> function) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return values.hasNext();
      }

      @Override
      public Value next() {
        return function.apply(values.next());
      }
    };
  }

  /** Values for an input that may be empty in Python's sense: then nothing else is checked. */
  private static Iterator<Value> valuesUnlessEmpty(Rendering rendering, Value input) {
    return Iteration.truth(input)
        ? Iteration.iterator(rendering.budget(), input)
        : List.<Value>of().iterator();
  }

  /** One level deeper for what runs when a generator is read. */
  private static Value nested(Rendering rendering, java.util.function.Supplier<Value> work) {
    rendering.budget().step();
    rendering.budget().enter();
    Value value = work.get();
    rendering.budget().leave();
    return value;
  }

  private static Value map(Rendering rendering, Value input, Arguments arguments) {
    Function<Value, Value> function;
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      Value[] bound = arguments.bind("map", 0, "attribute", "default");
      Value missing = bound[1] == Value.None.NONE ? null : bound[1];
      function = getter(rendering, bound[0], true, missing);
    } else if (arguments.positional().isEmpty()) {
      throw TemplateException.runtime("map requires a filter argument");
    } else {
      String name = Printing.string(rendering.budget(), arguments.positional().get(0)).toString();
      Filters.Filter filter = Filters.get(name);
      Arguments rest = arguments.without(1);
      function = value -> filter.apply(rendering, value, rest);
    }
    return new Generator(
        rendering.budget(),
        mapped(
            valuesUnlessEmpty(rendering, input),
            value -> nested(rendering, () -> function.apply(value))));
  }

  private static Value select(
      Rendering rendering, Value input, Arguments arguments, boolean wanted, boolean attribute) {
    if (!Iteration.truth(input)) {
      return new Generator(rendering.budget(), List.<Value>of().iterator());
    }
    List<Value> positional = arguments.positional();
    if (attribute && positional.isEmpty()) {
      throw TemplateException.runtime("Missing parameter for attribute name");
    }
    int offset = attribute ? 1 : 0;
    Function<Value, Value> getter =
        attribute ? getter(rendering, positional.get(0), true, null) : Function.identity();
    if (positional.size() <= offset) {
      return new Generator(
          rendering.budget(),
          Iteration.filter(
              Iteration.iterator(rendering.budget(), input),
              value -> Iteration.truth(nested(rendering, () -> getter.apply(value))) == wanted));
    }
    ValueTests.ValueTest test =
        ValueTests.get(Printing.string(rendering.budget(), positional.get(offset)).toString());
    Arguments rest = arguments.without(offset + 1);
    return new Generator(
        rendering.budget(),
        Iteration.filter(
            Iteration.iterator(rendering.budget(), input),
            value ->
                test.test(rendering, nested(rendering, () -> getter.apply(value)), rest)
                    == wanted));
  }

  /** Sorts by keys that are computed once; what is equal keeps its order. */
  private static List<Value> sorted(
      Rendering rendering, List<Value> values, Function<Value, Value> key, boolean reverse) {
    Budget budget = rendering.budget();
    budget.list(3L * values.size());
    record Keyed(Value key, Value value) {}
    List<Keyed> keyed = new ArrayList<>();
    for (Value value : values) {
      keyed.add(new Keyed(key.apply(value), value));
    }
    Comparator<Keyed> order = (a, b) -> Comparison.compare(budget, "<", a.key(), b.key());
    keyed.sort(reverse ? order.reversed() : order);
    List<Value> sorted = new ArrayList<>();
    keyed.forEach(item -> sorted.add(item.value()));
    return sorted;
  }

  private static Value sort(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean caseSensitive = flag(bound[1]);
    List<Function<Value, Value>> getters = new ArrayList<>();
    if (bound[2] instanceof Text text) {
      for (String part : text.toString().split(",", -1)) {
        getters.add(getter(rendering, Text.of(part), caseSensitive, null));
      }
    } else {
      getters.add(getter(rendering, bound[2], caseSensitive, null));
    }
    Function<Value, Value> key =
        value -> {
          List<Value> keys = new ArrayList<>();
          getters.forEach(getter -> keys.add(getter.apply(value)));
          return Sequence.list(keys);
        };
    return Sequence.list(
        sorted(rendering, Iteration.list(rendering.budget(), input), key, flag(bound[0])));
  }

  private static Value dictSort(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = bound[1] == null ? "key" : Printing.string(rendering.budget(), bound[1]).toString();
    if (!by.equals("key") && !by.equals("value")) {
      throw TemplateException.runtime("You can only sort by either \"key\" or \"value\"");
    }
    if (!(input instanceof Dictionary dictionary)) {
      throw input instanceof Undefined undefined
          ? undefined.failure()
          : TemplateException.runtime("dictsort needs a dictionary, found " + input.type());
    }
    boolean caseSensitive = flag(bound[0]);
    Budget budget = rendering.budget();
    Function<Value, Value> key =
        item -> {
          Value value = ((Sequence) item).items().get(by.equals("key") ? 0 : 1);
          return caseSensitive ? value : ignoreCase(budget, value);
        };
    List<Value> items =
        Iteration.list(budget, new DictionaryView(dictionary, DictionaryView.Part.ITEMS));
    return Sequence.list(sorted(rendering, items, key, flag(bound[2])));
  }

  private static Value unique(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    Function<Value, Value> getter = getter(rendering, bound[1], flag(bound[0]), null);
    Set<Key> seen = new HashSet<>();
    return new Generator(
        rendering.budget(),
        Iteration.filter(
            Iteration.iterator(rendering.budget(), input),
            value -> {
              rendering.budget().entries(1);
              return seen.add(Key.of(rendering.budget(), getter.apply(value)));
            }));
  }

  private static Value groupBy(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    Value missing = bound[1] == Value.None.NONE ? null : bound[1];
    Budget budget = rendering.budget();
    Function<Value, Value> getter = getter(rendering, bound[0], flag(bound[2]), missing);
    Function<Value, Value> shown = getter(rendering, bound[0], true, missing);
    List<Value> groups = new ArrayList<>();
    List<Value> group = new ArrayList<>();
    Value groupKey = null;
    List<Value> sorted = sorted(rendering, Iteration.list(budget, input), getter, false);
    budget.list(sorted.size());
    for (Value value : sorted) {
      Value key = getter.apply(value);
      if (groupKey == null || !Comparison.equal(budget, groupKey, key)) {
        if (groupKey != null) {
          groups.add(group(shown.apply(group.get(0)), group));
        }
        groupKey = key;
        group = new ArrayList<>();
      }
      group.add(value);
    }
    if (groupKey != null) {
      groups.add(group(shown.apply(group.get(0)), group));
    }
    return Sequence.list(groups);
  }

  private static Value group(Value key, List<Value> values) {
    return new Sequence(List.of(key, Sequence.list(values)), Sequence.Form.GROUP);
  }

  private static Value batch(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("batch", 1, "linecount", "fill_with");
    Budget budget = rendering.budget();
    long size = Arithmetic.integer(bound[0]).clamped();
    List<Value> batches = new ArrayList<>();
    List<Value> batch = new ArrayList<>();
    for (Value value : Iteration.list(budget, input)) {
      if (batch.size() == size) {
        batches.add(Sequence.list(batch));
        batch = new ArrayList<>();
      }
      budget.list(1);
      batch.add(value);
    }
    if (!batch.isEmpty()) {
      if (bound[1] != null && bound[1] != Value.None.NONE && batch.size() < size) {
        budget.list(Math.min(size, Integer.MAX_VALUE));
        while (batch.size() < size) {
          batch.add(bound[1]);
        }
      }
      batches.add(Sequence.list(batch));
    }
    return new Generator(budget, batches.iterator());
  }

  private static Value slice(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("slice", 1, "slices", "fill_with");
    Budget budget = rendering.budget();
    List<Value> values = Iteration.list(budget, input);
    long slices = Arithmetic.integer(bound[0]).clamped();
    if (slices == 0) {
      throw TemplateException.runtime("integer division or modulo by zero");
    }
    budget.list(Math.max(0, Math.min(slices, Integer.MAX_VALUE)));
    List<Value> parts = new ArrayList<>();
    int size = slices < 0 ? 0 : (int) (values.size() / slices);
    int extra = slices < 0 ? 0 : (int) (values.size() % slices);
    int from = 0;
    for (int i = 0; i < slices; i++) {
      int to = from + size + (i < extra ? 1 : 0);
      budget.list(to - from + 1);
      List<Value> part = new ArrayList<>(values.subList(from, to));
      if (bound[1] != null && bound[1] != Value.None.NONE && i >= extra) {
        part.add(bound[1]);
      }
      parts.add(Sequence.list(part));
      from = to;
    }
    return new Generator(budget, parts.iterator());
  }

  private static Value extreme(Rendering rendering, Value input, Value[] bound, boolean largest) {
    Function<Value, Value> getter = getter(rendering, bound[1], flag(bound[0]), null);
    Iterator<Value> values = Iteration.iterator(rendering.budget(), input);
    if (!values.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Value best = values.next();
    Value bestKey = getter.apply(best);
    while (values.hasNext()) {
      Value value = values.next();
      Value key = getter.apply(value);
      if (Comparison.ordered(rendering.budget(), largest ? ">" : "<", key, bestKey)) {
        best = value;
        bestKey = key;
      }
    }
    return best;
  }

  private static Value sum(Rendering rendering, Value input, Arguments arguments) {
    Value[] bound = arguments.bind("sum", 0, "attribute", "start");
    List<Value> path = Attributes.path(bound[0]);
    Value sum = bound[1] == null ? Int.ZERO : bound[1];
    if (sum instanceof Text) {
      throw TemplateException.runtime("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Value> values = Iteration.iterator(rendering.budget(), input);
    while (values.hasNext()) {
      rendering.budget().step();
      Value value = Attributes.follow(rendering, values.next(), path, null);
      sum = Arithmetic.binary(rendering, "+", sum, value);
    }
    return sum;
  }
}

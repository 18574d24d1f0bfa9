package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What {@code a.b}, {@code a[b]} and {@code a(b)} give. */
final class Attributes {
  private static final Set<String> UNSAFE_OF_LISTS =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> UNSAFE_OF_DICTIONARIES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Attributes() {}

  /** {@code object.name}: the attribute, otherwise the item of that name. */
  static Value attribute(Rendering rendering, Value object, String name) {
    Value found = own(object, name);
    if (found == null && object instanceof Dictionary dictionary) {
      found = dictionary.get(name);
    }
    return found != null ? found : missing(object, name);
  }

  /** {@code object[key]}: the item, otherwise the attribute of that name. */
  static Value item(Rendering rendering, Value object, Value key) {
    Value found =
        switch (object) {
          case Undefined undefined -> throw undefined.failure();
          case Dictionary dictionary ->
              (key instanceof Sequence sequence && !sequence.isTuple()) || key instanceof Dictionary
                  ? null
                  : dictionary.get(rendering.budget(), key);
          case Sequence sequence -> {
            int index = index(key, sequence.size());
            yield index < 0 ? null : sequence.items().get(index);
          }
          case Text text -> {
            int index = index(key, text.length());
            yield index < 0 ? null : Text.ofRaw(text.raw(index)).safe(text.isSafe());
          }
          case Range range -> {
            int index = index(key, range.size());
            yield index < 0 ? null : range.at(index);
          }
          default -> null;
        };
    if (found == null && key instanceof Text name) {
      found = own(object, name.toString());
    }
    if (found != null) {
      return found;
    }
    return key instanceof Text name
        ? missing(object, name.toString())
        : new Undefined(
            object.type()
                + " object has no element "
                + (key instanceof Int number ? number.decimal() : "of type " + key.type()));
  }

  private static int index(Value key, int size) {
    Int index = Arithmetic.integerOrNull(key);
    if (index == null) {
      return -1;
    }
    long value = index.clamped() < 0 ? index.clamped() + size : index.clamped();
    return value >= 0 && value < size ? (int) value : -1;
  }

  private static Value missing(Value object, String name) {
    return name.startsWith("__")
        ? Undefined.unsafe(object, name)
        : Undefined.attribute(object, name);
  }

  /** The attribute of a type's own, or null. */
  static Value own(Value object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (name.startsWith("_") && !(object instanceof Namespace)) {
      return null;
    }
    return switch (object) {
      case Text text -> TextMethods.find(text, name);
      case Dictionary dictionary -> dictionary(dictionary, name);
      case Sequence sequence -> sequence(sequence, name);
      case Loop loop -> loop.attribute(name);
      case Namespace namespace -> namespace.attributes().get(name);
      case Macro macro -> macro(macro, name);
      case Range range ->
          switch (name) {
            case "start" -> Int.of(range.start());
            case "stop" -> Int.of(range.stop());
            case "step" -> Int.of(range.step());
            case "index", "count" -> search(name, range);
            default -> null;
          };
      case Cycler cycler ->
          switch (name) {
            case "next" -> new Function(name, (rendering, arguments) -> cycler.next());
            case "current" -> cycler.current();
            case "reset" ->
                new Function(
                    name,
                    (rendering, arguments) -> {
                      cycler.reset();
                      return Value.None.NONE;
                    });
            default -> null;
          };
      case Joiner ignored -> null;
      case Int number -> Numbers.attribute(number, name);
      case Value.Bool flag -> Numbers.attribute(Int.of(flag.number()), name);
      case Value.Real real -> Numbers.attribute(real, name);
      default -> null;
    };
  }

  private static Value macro(Macro macro, String name) {
    Macro.Signature signature = macro.signature();
    return switch (name) {
      case "name" -> Text.of(signature.name());
      case "arguments" ->
          Sequence.tuple(signature.parameters().stream().map(Text::of).toArray(Value[]::new));
      case "caller" -> Value.Bool.of(signature.special().contains("caller"));
      case "catch_kwargs" -> Value.Bool.of(signature.special().contains("kwargs"));
      case "catch_varargs" -> Value.Bool.of(signature.special().contains("varargs"));
      default -> null;
    };
  }

  private static Value sequence(Sequence sequence, String name) {
    if (!sequence.isTuple() && UNSAFE_OF_LISTS.contains(name)) {
      return Undefined.unsafe(sequence, name);
    }
    return switch (name) {
      case "index", "count" -> search(name, sequence);
      case "copy" -> sequence.isTuple() ? null : new Function(name, (r, arguments) -> sequence);
      case "grouper" -> sequence.form() == Sequence.Form.GROUP ? sequence.items().get(0) : null;
      case "list" -> sequence.form() == Sequence.Form.GROUP ? sequence.items().get(1) : null;
      default -> null;
    };
  }

  private static Value search(String name, Value object) {
    return new Function(
        name,
        (rendering, arguments) -> {
          Value[] bound = arguments.positionalOnly(name, 1, name.equals("index") ? 3 : 1);
          Budget budget = rendering.budget();
          List<Value> items = Iteration.list(budget, object);
          if (name.equals("count")) {
            int count = 0;
            for (Value item : items) {
              count += Comparison.equal(budget, item, bound[0]) ? 1 : 0;
            }
            return Int.of(count);
          }
          int to = Slices.index(bound[2], items.size(), items.size());
          for (int i = Slices.index(bound[1], items.size(), 0); i < to; i++) {
            if (Comparison.equal(budget, items.get(i), bound[0])) {
              return Int.of(i);
            }
          }
          throw TemplateException.runtime("the value is not in the " + object.type());
        });
  }

  private static Value dictionary(Dictionary dictionary, String name) {
    if (UNSAFE_OF_DICTIONARIES.contains(name)) {
      return Undefined.unsafe(dictionary, name);
    }
    return switch (name) {
      case "items" -> view(name, dictionary, DictionaryView.Part.ITEMS);
      case "keys" -> view(name, dictionary, DictionaryView.Part.KEYS);
      case "values" -> view(name, dictionary, DictionaryView.Part.VALUES);
      case "copy" -> new Function(name, (rendering, arguments) -> dictionary);
      case "get" ->
          new Function(
              name,
              (rendering, arguments) -> {
                Value[] bound = arguments.positionalOnly(name, 1, 2);
                Value found = dictionary.get(rendering.budget(), bound[0]);
                return found != null ? found : bound[1] != null ? bound[1] : Value.None.NONE;
              });
      case "fromkeys" ->
          new Function(
              name,
              (rendering, arguments) -> {
                Value[] bound = arguments.positionalOnly(name, 1, 2);
                Map<Key, Value> entries = new LinkedHashMap<>();
                for (Value key : Iteration.list(rendering.budget(), bound[0])) {
                  rendering.budget().entries(1);
                  entries.put(
                      Key.of(rendering.budget(), key),
                      bound[1] != null ? bound[1] : Value.None.NONE);
                }
                return new Dictionary(entries);
              });
      default -> null;
    };
  }

  private static Value view(String name, Dictionary dictionary, DictionaryView.Part part) {
    return new Function(
        name,
        (rendering, arguments) -> {
          arguments.positionalOnly(name, 0, 0);
          return new DictionaryView(dictionary, part);
        });
  }

  static boolean isCallable(Value value) {
    return value instanceof Function
        || value instanceof Macro
        || value instanceof Joiner
        || value instanceof Loop
        || value instanceof Undefined;
  }

  static Value call(Rendering rendering, Value callee, Arguments arguments) {
    return switch (callee) {
      case Function function -> function.body().call(rendering, arguments);
      case Macro macro -> macro.call(rendering, arguments);
      case Joiner joiner -> joiner.next();
      case Loop loop -> loop.call(arguments);
      case Undefined undefined -> throw undefined.failure();
      default -> throw TemplateException.runtime("'" + callee.type() + "' object is not callable");
    };
  }

  /** The parts of a path such as {@code a.0.b}, for the filters that take one. */
  static List<Value> path(Value path) {
    List<Value> parts = new ArrayList<>();
    if (!(path instanceof Text text)) {
      if (path != null && path != Value.None.NONE) {
        parts.add(path);
      }
      return parts;
    }
    for (String part : text.toString().split("\\.", -1)) {
      boolean digits = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
      parts.add(digits && part.length() < 10 ? Int.of(Long.parseLong(part)) : Text.of(part));
    }
    return parts;
  }

  /** What lies at {@code path} in {@code object}; {@code missing} where that is undefined. */
  static Value follow(Rendering rendering, Value object, List<Value> path, Value missing) {
    Value value = object;
    for (Value part : path) {
      rendering.budget().step();
      value = item(rendering, value, part);
      if (missing != null && value instanceof Undefined) {
        value = missing;
      }
    }
    return value;
  }
}

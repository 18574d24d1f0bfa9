package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.List;

/** Parts of texts and lists by indices, as Python counts. */
final class Slices {
  private Slices() {}

  /** The index that {@code value} means in something of {@code length}, for searches in texts. */
  static int index(Value value, int length, int missing) {
    if (value == null || value == Value.None.NONE) {
      return missing;
    }
    long index = Arithmetic.integer(value).clamped();
    return Math.clamp(index < 0 ? index + length : index, 0, length);
  }

  /** {@code object[start:stop:step]}, where None stands for what is left out. */
  static Value slice(Budget budget, Value object, Value[] bounds) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(object instanceof Text) && !(object instanceof Sequence) && !(object instanceof Range)) {
      throw TemplateException.runtime(
          object instanceof Dictionary
              ? "unhashable type: 'slice'"
              : "'" + object.type() + "' object is not subscriptable");
    }
    int length = Iteration.length(object);
    long step = bounds[2] == Value.None.NONE ? 1 : Arithmetic.integer(bounds[2]).clamped();
    if (step == 0) {
      throw TemplateException.runtime("slice step cannot be zero");
    }
    step = Math.clamp(step, -Integer.MAX_VALUE, Integer.MAX_VALUE);
    int lowest = step > 0 ? 0 : -1;
    int highest = step > 0 ? length : length - 1;
    long start = bound(bounds[0], length, lowest, highest, step > 0 ? lowest : highest);
    long stop = bound(bounds[1], length, lowest, highest, step > 0 ? highest : lowest);
    int count =
        (int)
            (step > 0
                ? Math.max(0, (stop - start + step - 1) / step)
                : Math.max(0, (start - stop - step - 1) / -step));
    if (object instanceof Range range) {
      return Range.of(
          range.start() + start * range.step(),
          range.start() + stop * range.step(),
          range.step() * step);
    }
    return take(budget, object, start, step, count);
  }

  private static long bound(Value value, int length, int lowest, int highest, long missing) {
    if (value == Value.None.NONE) {
      return missing;
    }
    long index = Arithmetic.integer(value).clamped();
    return Math.clamp(index < 0 ? index + length : index, lowest, highest);
  }

  private static Value take(Budget budget, Value object, long start, long step, int count) {
    return switch (object) {
      case Text text -> {
        if (step == 1) {
          yield text.part(budget, (int) start, (int) start + count);
        }
        TextBuilder out = new TextBuilder(budget);
        for (int i = 0; i < count; i++) {
          out.addRaw(text.raw((int) (start + i * step)));
        }
        yield out.text().safe(text.isSafe());
      }
      default -> {
        Sequence sequence = (Sequence) object;
        budget.list(count);
        List<Value> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          items.add(sequence.items().get((int) (start + i * step)));
        }
        yield new Sequence(items, sequence.isTuple() ? Sequence.Form.TUPLE : Sequence.Form.LIST);
      }
    };
  }
}

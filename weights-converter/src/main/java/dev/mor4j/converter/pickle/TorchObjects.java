package dev.mor4j.converter.pickle;

import dev.mor4j.converter.pickle.PickledValue.Dict;
import dev.mor4j.converter.pickle.PickledValue.Global;
import dev.mor4j.converter.pickle.PickledValue.Scalar;
import dev.mor4j.converter.pickle.PickledValue.Sequence;
import dev.mor4j.converter.pickle.PickledValue.Storage;
import dev.mor4j.converter.pickle.PickledValue.Tensor;
import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the few known names mean when a pickle calls them, and what its persistent ids are. */
final class TorchObjects {
  private static final int MAX_DIMENSIONS = 16;

  private final Path file;
  private final String what;
  private final Map<String, Storage> storages = new HashMap<>();

  TorchObjects(Path file, String what) {
    this.file = file;
    this.what = what;
  }

  /** The result of calling {@code function}. */
  PickledValue call(Global function, List<PickledValue> arguments) throws ModelFormatException {
    switch (function) {
      case ORDERED_DICT -> {
        if (arguments.isEmpty()) {
          return new Dict(true);
        }
      }
      case SIZE -> {
        if (arguments.size() == 1 && arguments.getFirst() instanceof Sequence) {
          return arguments.getFirst();
        }
      }
      case REBUILD_PARAMETER -> {
        if (arguments.size() == 3 && arguments.getFirst() instanceof Tensor) {
          return arguments.getFirst();
        }
      }
      case REBUILD_TENSOR -> {
        // (storage, offset, size, stride, requires_grad, backward_hooks[, metadata])
        if ((arguments.size() == 6 || arguments.size() == 7)
            && arguments.get(0) instanceof Storage storage
            && wholeNumber(arguments.get(1)) >= 0) {
          List<Long> shape = wholeNumbers(arguments.get(2));
          List<Long> strides = wholeNumbers(arguments.get(3));
          if (shape.size() == strides.size()) {
            return new Tensor(storage, wholeNumber(arguments.get(1)), shape, strides);
          }
        }
      }
      default ->
          throw error(function.kind() + " is called, expected it only as the type of a storage");
    }
    throw error(
        function.kind()
            + " is called with ("
            + String.join(", ", arguments.stream().limit(8).map(PickledValue::kind).toList())
            + "), which torch.save does not write");
  }

  /** The storage of the persistent id ('storage', type, key, location, elements). */
  Storage storage(PickledValue id) throws ModelFormatException {
    if (id instanceof Sequence tuple
        && tuple.tuple
        && tuple.elements.size() == 5
        && tuple.elements.get(0) instanceof Scalar tag
        && tag.value.equals("storage")
        && tuple.elements.get(1) instanceof Global type
        && type.storageType != null
        && tuple.elements.get(2) instanceof Scalar keyValue
        && keyValue.value instanceof String key
        && wholeNumber(tuple.elements.get(4)) >= 0) {
      Storage storage = new Storage(type.storageType, key, wholeNumber(tuple.elements.get(4)));
      Storage known = storages.putIfAbsent(key, storage);
      if (known == null) {
        return storage;
      }
      if (known.dtype != storage.dtype || known.elements != storage.elements) {
        throw error(
            String.format(
                Locale.ROOT,
                "storage %s is %d × %s, and elsewhere %d × %s",
                key,
                storage.elements,
                storage.dtype,
                known.elements,
                known.dtype));
      }
      return known;
    }
    throw error(
        "a persistent id is "
            + id.kind()
            + ", expected ('storage', type, key, location, elements)");
  }

  private List<Long> wholeNumbers(PickledValue value) throws ModelFormatException {
    if (!(value instanceof Sequence sequence && sequence.elements.size() <= MAX_DIMENSIONS)) {
      throw error(
          "a tensor's size or stride is "
              + value.kind()
              + ", expected a tuple of at most "
              + MAX_DIMENSIONS);
    }
    List<Long> numbers = new ArrayList<>();
    for (PickledValue element : sequence.elements) {
      long number = wholeNumber(element);
      if (number < 0) {
        throw error(
            "a tensor's size or stride has "
                + element.kind()
                + ", expected whole numbers of at least 0");
      }
      numbers.add(number);
    }
    return numbers;
  }

  /** The number that {@code value} is; negative where it is none. */
  private static long wholeNumber(PickledValue value) {
    return value instanceof Scalar scalar && scalar.value instanceof Long number ? number : -1;
  }

  private ModelFormatException error(String message) {
    return new ModelFormatException(file, what + ": " + message);
  }
}

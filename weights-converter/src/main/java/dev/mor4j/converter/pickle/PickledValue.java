package dev.mor4j.converter.pickle;

import dev.mor4j.runtime.format.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the interpreter's stack holds. Compared by identity throughout: a hostile pickle can build
 * values that contain themselves, on which a deep {@code equals}, {@code hashCode} or {@code
 * toString} would not end.
 */
sealed interface PickledValue {
  /** Shown in messages. */
  String kind();

  /** None, and the mark of the MARK opcode. */
  enum Constant implements PickledValue {
    NONE,
    MARK;

    @Override
    public String kind() {
      return this == NONE ? "None" : "a mark";
    }
  }

  /** A string, a whole number, a float or a truth value. */
  final class Scalar implements PickledValue {
    final Object value;

    Scalar(Object value) {
      this.value = value;
    }

    @Override
    public String kind() {
      return value instanceof String ? "a string" : "the value " + value;
    }
  }

  /** A tuple ({@code torch.Size} too) or a list. */
  final class Sequence implements PickledValue {
    final List<PickledValue> elements;
    final boolean tuple;

    Sequence(List<PickledValue> elements, boolean tuple) {
      this.elements = elements;
      this.tuple = tuple;
    }

    static Sequence list() {
      return new Sequence(new ArrayList<>(0), false);
    }

    @Override
    public String kind() {
      return (tuple ? "a tuple of " : "a list of ") + elements.size();
    }
  }

  /** A dict or an OrderedDict, with strings or numbers as keys. */
  final class Dict implements PickledValue {
    final Map<Object, PickledValue> entries = new LinkedHashMap<>(0);
    final boolean ordered;

    Dict(boolean ordered) {
      this.ordered = ordered;
    }

    @Override
    public String kind() {
      return "a dict of " + entries.size();
    }
  }

  /** A name that the interpreter knows. */
  enum Global implements PickledValue {
    ORDERED_DICT("collections.OrderedDict", null),
    REBUILD_TENSOR("torch._utils._rebuild_tensor_v2", null),
    REBUILD_PARAMETER("torch._utils._rebuild_parameter", null),
    SIZE("torch.Size", null),
    FLOAT("torch.FloatStorage", DType.F32),
    HALF("torch.HalfStorage", DType.F16),
    BFLOAT16("torch.BFloat16Storage", DType.BF16),
    DOUBLE("torch.DoubleStorage", DType.F64),
    LONG("torch.LongStorage", DType.I64),
    INT("torch.IntStorage", DType.I32),
    BYTE("torch.ByteStorage", DType.U8);

    final String qualifiedName;
    final DType storageType;

    Global(String qualifiedName, DType storageType) {
      this.qualifiedName = qualifiedName;
      this.storageType = storageType;
    }

    @Override
    public String kind() {
      return qualifiedName;
    }
  }

  /** A storage of the archive, by its key. */
  final class Storage implements PickledValue {
    final DType dtype;
    final String key;
    final long elements;

    Storage(DType dtype, String key, long elements) {
      this.dtype = dtype;
      this.key = key;
      this.elements = elements;
    }

    @Override
    public String kind() {
      return "storage " + key;
    }
  }

  /** A view of a storage; not checked against it yet. */
  final class Tensor implements PickledValue {
    final Storage storage;
    final long offset;
    final List<Long> shape;
    final List<Long> strides;

    Tensor(Storage storage, long offset, List<Long> shape, List<Long> strides) {
      this.storage = storage;
      this.offset = offset;
      this.shape = shape;
      this.strides = strides;
    }

    @Override
    public String kind() {
      return "a tensor";
    }
  }
}

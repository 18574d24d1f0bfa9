package dev.mor4j.converter.pickle;

import dev.mor4j.converter.pickle.PickledValue.Constant;
import dev.mor4j.converter.pickle.PickledValue.Dict;
import dev.mor4j.converter.pickle.PickledValue.Global;
import dev.mor4j.converter.pickle.PickledValue.Scalar;
import dev.mor4j.converter.pickle.PickledValue.Sequence;
import dev.mor4j.runtime.format.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Interprets the pickle of a state dict as data. Knows the opcodes that {@code torch.save} writes
 * (protocols 2 to 4) and the names of {@link Global}; any other opcode or name ends the reading
 * with an error that names it. Nothing that the pickle names is ever looked up or run. The numbers
 * of opcodes, stacked and remembered values are bounded.
 *
 * <p>Opcodes: CPython, {@code Lib/pickletools.py}.
 */
final class Unpickler {
  private static final int MAX_OPCODES = 2_000_000;
  private static final Map<String, Global> GLOBALS =
      Arrays.stream(Global.values())
          .collect(
              Collectors.toUnmodifiableMap(global -> global.qualifiedName, Function.identity()));

  private final Path file;
  private final String what;
  private final ByteCursor in;
  private final TorchObjects objects;
  private final List<PickledValue> stack = new ArrayList<>();
  private final List<PickledValue> memo = new ArrayList<>();
  private int opcodes;

  private Unpickler(Path file, String what, MemorySegment pickle) {
    this.file = file;
    this.what = what;
    this.in = new ByteCursor(file, what, pickle);
    this.objects = new TorchObjects(file, what);
  }

  /**
   * The value that {@code pickle} describes.
   *
   * @param what the part of {@code file} that the pickle is, for messages
   */
  static PickledValue read(Path file, String what, MemorySegment pickle)
      throws ModelFormatException {
    return new Unpickler(file, what, pickle).run();
  }

  private PickledValue run() throws ModelFormatException {
    while (true) {
      if (++opcodes > MAX_OPCODES) {
        throw error("the pickle has more than " + MAX_OPCODES + " opcodes");
      }
      int opcode = in.u8();
      if (opcode == '.') {
        PickledValue value = pop();
        if (!stack.isEmpty()) {
          throw error("the pickle leaves " + stack.size() + " values behind, expected none");
        }
        return value;
      }
      step(opcode);
    }
  }

  private void step(int opcode) throws ModelFormatException {
    switch (opcode) {
      case 0x80 -> protocol();
      case 0x95 -> frame();
      case '(' -> stack.add(Constant.MARK);
      case '0' -> pop();
      case '1' -> popToMark();
      case 'N' -> stack.add(Constant.NONE);
      case 0x88 -> stack.add(new Scalar(true));
      case 0x89 -> stack.add(new Scalar(false));
      case 'J' -> number(in.i32());
      case 'K' -> number(in.u8());
      case 'M' -> number(in.u16());
      case 0x8a -> number(longOf(in.u8()));
      case 'G' -> stack.add(new Scalar(Double.longBitsToDouble(Long.reverseBytes(in.i64()))));
      case 'X' -> stack.add(new Scalar(in.text(in.u32())));
      case 0x8c -> stack.add(new Scalar(in.text(in.u8())));
      case ')' -> tuple(List.of());
      case 0x85 -> tuple(popLast(1));
      case 0x86 -> tuple(popLast(2));
      case 0x87 -> tuple(popLast(3));
      case 't' -> tuple(popToMark());
      case ']' -> stack.add(Sequence.list());
      case 'a' -> append(popLast(1));
      case 'e' -> append(popToMark());
      case '}' -> stack.add(new Dict(false));
      case 's' -> setItems(popLast(2));
      case 'u' -> setItems(popToMark());
      case 'q' -> remember(in.u8());
      case 'r' -> remember(in.u32());
      case 0x94 -> remember(memo.size());
      case 'h' -> recall(in.u8());
      case 'j' -> recall(in.u32());
      case 'c' -> global(in.line(), in.line());
      case 0x93 -> stackGlobal();
      case 'R' -> reduce();
      case 'b' -> build();
      case 'Q' -> stack.add(objects.storage(pop()));
      default ->
          throw error(
              String.format(
                  Locale.ROOT,
                  "opcode 0x%02x at byte %d is not one that torch.save writes for a state dict",
                  opcode,
                  in.position() - 1));
    }
  }

  private void protocol() throws ModelFormatException {
    int protocol = in.u8();
    if (protocol < 2 || protocol > 4) {
      throw error("pickle protocol is " + protocol + ", expected 2 to 4");
    }
  }

  private void frame() throws ModelFormatException {
    long length = in.i64();
    if (length < 0 || length > in.remaining()) {
      throw error(
          "a frame claims "
              + Long.toUnsignedString(length)
              + " bytes, expected at most "
              + in.remaining());
    }
  }

  private void number(long value) {
    stack.add(new Scalar(value));
  }

  private long longOf(int length) throws ModelFormatException {
    if (length > 8) {
      throw error("a whole number has " + length + " bytes, expected at most 8");
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (long) in.u8() << (8 * i);
    }
    int unused = 64 - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  private void tuple(List<PickledValue> elements) {
    stack.add(new Sequence(elements, true));
  }

  private void append(List<PickledValue> elements) throws ModelFormatException {
    if (!(peek() instanceof Sequence list && !list.tuple)) {
      throw error("values are appended to " + peek().kind() + ", expected a list");
    }
    list.elements.addAll(elements);
  }

  private void setItems(List<PickledValue> pairs) throws ModelFormatException {
    if (!(peek() instanceof Dict dict)) {
      throw error("items are set in " + peek().kind() + ", expected a dict");
    }
    if (pairs.size() % 2 != 0) {
      throw error("a dict is given a key with no value");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      if (!(pairs.get(i) instanceof Scalar key)) {
        throw error("a dict's key is " + pairs.get(i).kind() + ", expected a string or a number");
      }
      if (dict.entries.put(key.value, pairs.get(i + 1)) != null) {
        throw error("a dict has the key " + key.value + " twice");
      }
    }
  }

  private void remember(long index) throws ModelFormatException {
    // torch.save numbers its memo without gaps; the bound keeps a number from costing memory.
    if (index > memo.size()) {
      throw error("memo " + index + " is written, expected at most " + memo.size());
    }
    if (index == memo.size()) {
      memo.add(peek());
    } else {
      memo.set((int) index, peek());
    }
  }

  private void recall(long index) throws ModelFormatException {
    if (index >= memo.size()) {
      throw error("memo " + index + " is read, expected less than " + memo.size());
    }
    stack.add(memo.get((int) index));
  }

  private void global(String module, String name) throws ModelFormatException {
    Global global = GLOBALS.get(module + "." + name);
    if (global == null) {
      throw error(
          "the pickle names "
              + module
              + "."
              + name
              + ", expected only "
              + GLOBALS.keySet().stream().sorted().toList()
              + "; nothing was run");
    }
    stack.add(global);
  }

  private void stackGlobal() throws ModelFormatException {
    List<PickledValue> names = popLast(2);
    if (!(names.get(0) instanceof Scalar module
        && module.value instanceof String moduleName
        && names.get(1) instanceof Scalar name
        && name.value instanceof String globalName)) {
      throw error("STACK_GLOBAL is given no two strings");
    }
    global(moduleName, globalName);
  }

  private void reduce() throws ModelFormatException {
    List<PickledValue> call = popLast(2);
    if (!(call.get(0) instanceof Global function)) {
      throw error("the pickle calls " + call.get(0).kind() + ", expected a known name");
    }
    if (!(call.get(1) instanceof Sequence arguments && arguments.tuple)) {
      throw error(function.kind() + " is called with " + call.get(1).kind() + ", expected a tuple");
    }
    stack.add(objects.call(function, arguments.elements));
  }

  /**
   * The only object with a state is a state dict, which keeps {@code _metadata} of its modules
   * there.
   */
  private void build() throws ModelFormatException {
    PickledValue state = pop();
    if (!(peek() instanceof Dict dict && dict.ordered)) {
      throw error("a state is given to " + peek().kind() + ", expected an OrderedDict");
    }
    if (!(state instanceof Dict attributes
        && attributes.entries.size() == 1
        && attributes.entries.containsKey("_metadata"))) {
      throw error("an OrderedDict is given " + state.kind() + " as state, expected only _metadata");
    }
  }

  private PickledValue pop() throws ModelFormatException {
    PickledValue value = peek();
    stack.removeLast();
    return value;
  }

  private PickledValue peek() throws ModelFormatException {
    if (stack.isEmpty() || stack.getLast() == Constant.MARK) {
      throw error("the pickle takes a value at byte " + in.position() + " where there is none");
    }
    return stack.getLast();
  }

  private List<PickledValue> popLast(int count) throws ModelFormatException {
    int from = stack.size() - count;
    if (from < 0 || stack.subList(from, stack.size()).contains(Constant.MARK)) {
      throw error(
          "the pickle takes "
              + count
              + " values at byte "
              + in.position()
              + " where there are fewer");
    }
    return cut(from, from);
  }

  private List<PickledValue> popToMark() throws ModelFormatException {
    int mark = stack.lastIndexOf(Constant.MARK);
    if (mark < 0) {
      throw error(
          "the pickle takes values to a mark at byte " + in.position() + " where there is none");
    }
    return cut(mark + 1, mark);
  }

  private List<PickledValue> cut(int from, int keep) {
    List<PickledValue> values = List.copyOf(stack.subList(from, stack.size()));
    stack.subList(keep, stack.size()).clear();
    return values;
  }

  private ModelFormatException error(String message) {
    return new ModelFormatException(file, what + ": " + message);
  }
}

package dev.mor4j.converter.pickle;

import dev.mor4j.converter.pickle.PickledValue.Dict;
import dev.mor4j.converter.pickle.PickledValue.Tensor;
import dev.mor4j.runtime.format.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The state dict in a file of {@code torch.save} (PyTorch 1.6 and later).
 *
 * <pre>
 *   {name}/data.pkl     the pickle
 *   {name}/byteorder    "little"; not there in files of old versions
 *   {name}/data/{key}   a storage each
 * </pre>
 */
public final class TorchArchive {
  private static final String PICKLE = "/data.pkl";
  private static final long MAX_PICKLE = 32L << 20;

  private final Path file;
  private final Map<String, MemorySegment> entries;
  private final String folder;

  private TorchArchive(Path file, Map<String, MemorySegment> entries, String folder) {
    this.file = file;
    this.entries = entries;
    this.folder = folder;
  }

  /**
   * Name → tensor, in the order of the state dict. Reads the zip directory and the pickle; the
   * storages stay where they are.
   *
   * @param bytes the mapped {@code file}; the tensors borrow it
   * @throws ModelFormatException where the file is anything but a state dict of tensors
   */
  public static Map<String, TorchTensor> read(Path file, MemorySegment bytes)
      throws ModelFormatException {
    refuseLegacy(file, bytes);
    Map<String, MemorySegment> entries = ZipDirectory.read(file, bytes);
    List<String> pickles =
        entries.keySet().stream()
            .filter(
                name ->
                    name.endsWith(PICKLE) && name.indexOf('/') == name.length() - PICKLE.length())
            .toList();
    if (pickles.size() != 1) {
      throw new ModelFormatException(
          file, "the archive has " + pickles.size() + " entries {name}/data.pkl, expected one");
    }
    String pickle = pickles.getFirst();
    String folder = pickle.substring(0, pickle.length() - PICKLE.length());
    return new TorchArchive(file, entries, folder).tensors();
  }

  private static void refuseLegacy(Path file, MemorySegment bytes) throws ModelFormatException {
    // PROTO 2, LONG1 of 10 bytes: the magic number that starts files of PyTorch before 1.6.
    byte[] legacy = {(byte) 0x80, 2, (byte) 0x8a, 10};
    if (bytes.byteSize() >= legacy.length
        && bytes.asSlice(0, legacy.length).mismatch(MemorySegment.ofArray(legacy)) < 0) {
      throw new ModelFormatException(
          file,
          "the file has the format of PyTorch before 1.6, expected a zip archive; load it with PyTorch and save it"
              + " again");
    }
  }

  private Map<String, TorchTensor> tensors() throws ModelFormatException {
    MemorySegment order = entries.get(folder + "/byteorder");
    if (order != null) {
      String text = order.byteSize() > 16 ? "" : text(order);
      if (!text.equals("little")) {
        throw new ModelFormatException(file, "byteorder is \"" + text + "\", expected \"little\"");
      }
    }
    String what = folder + PICKLE;
    MemorySegment pickle = entries.get(what);
    if (pickle.byteSize() > MAX_PICKLE) {
      throw new ModelFormatException(
          file, what + " has " + pickle.byteSize() + " bytes, expected at most " + MAX_PICKLE);
    }
    PickledValue value = Unpickler.read(file, what, pickle);
    Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<Object, PickledValue> entry : stateDict(value).entries.entrySet()) {
      if (!(entry.getKey() instanceof String name)) {
        throw new ModelFormatException(
            file, "the state dict has the key " + entry.getKey() + ", expected a string");
      }
      if (!(entry.getValue() instanceof Tensor tensor)) {
        throw new ModelFormatException(
            file,
            "tensor "
                + name
                + " of the state dict is "
                + entry.getValue().kind()
                + ", expected a tensor");
      }
      tensors.put(name, tensor(name, tensor));
    }
    return tensors;
  }

  /** Training loops like to save the state dict inside another dict. */
  private Dict stateDict(PickledValue value) throws ModelFormatException {
    if (value instanceof Dict dict) {
      for (String wrapper : List.of("state_dict", "model")) {
        if (dict.entries.get(wrapper) instanceof Dict inner) {
          return inner;
        }
      }
      return dict;
    }
    throw new ModelFormatException(
        file, "the file holds " + value.kind() + ", expected a state dict");
  }

  private TorchTensor tensor(String name, Tensor tensor) throws ModelFormatException {
    String entry = folder + "/data/" + tensor.storage.key;
    MemorySegment storage = entries.get(entry);
    if (storage == null) {
      throw new ModelFormatException(
          file, "tensor " + name + ": the archive has no entry " + entry + " for its storage");
    }
    long elements = tensor.storage.elements;
    int byteSize = tensor.storage.dtype.byteSize();
    if (elements > Long.MAX_VALUE / byteSize || storage.byteSize() != elements * byteSize) {
      throw new ModelFormatException(
          file,
          String.format(
              Locale.ROOT,
              "tensor %s: its storage %s has %d bytes, expected %d × %d (%s)",
              name,
              entry,
              storage.byteSize(),
              elements,
              byteSize,
              tensor.storage.dtype));
    }
    long end;
    try {
      end = end(tensor);
    } catch (ArithmeticException e) {
      end = Long.MAX_VALUE;
    }
    if (end > elements) {
      throw new ModelFormatException(
          file,
          String.format(
              Locale.ROOT,
              "tensor %s: offset %d, size %s and stride %s reach past the %d elements of its storage",
              name,
              tensor.offset,
              tensor.shape,
              tensor.strides,
              elements));
    }
    if (count(tensor) > elements) {
      throw new ModelFormatException(
          file,
          String.format(
              Locale.ROOT,
              "tensor %s: size %s has more elements than the %d of its storage (stride %s)",
              name,
              tensor.shape,
              elements,
              tensor.strides));
    }
    return new TorchTensor(
        tensor.storage.dtype, tensor.shape, tensor.strides, storage, tensor.offset);
  }

  /** One past the last element of the storage that the tensor uses. */
  private static long end(Tensor tensor) {
    long product = 1;
    long last = tensor.offset;
    for (int i = 0; i < tensor.shape.size(); i++) {
      long size = tensor.shape.get(i);
      product = Math.multiplyExact(product, size);
      last = Math.addExact(last, Math.multiplyExact(Math.max(size - 1, 0), tensor.strides.get(i)));
    }
    return product == 0 ? tensor.offset : Math.addExact(last, 1);
  }

  /**
   * Number of elements. A stride of 0 can make a tensor of any size from one element; no state dict
   * of trained weights has such a view, and refusing it keeps the work within the file's size.
   */
  private static long count(Tensor tensor) {
    return tensor.shape.stream().reduce(1L, (a, b) -> a * b);
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }
}

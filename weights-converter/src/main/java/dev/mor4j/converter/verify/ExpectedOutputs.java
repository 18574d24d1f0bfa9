package dev.mor4j.converter.verify;

import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of expected outputs, checked against the model that they are for, and mapped.
 *
 * <pre>
 *   input_ids             int32   [B, T]     every row is a text of its own
 *   logits                float32 [B, T, V]  top-k routing, or a model without a choice of routing
 *   active_0 .. N-1       uint8   [B, T]     1 where the token takes part in the recursion
 *   threshold_logits, threshold_active_r     the same under threshold routing
 * </pre>
 *
 * Owns the mapping; used by the thread that opened it.
 */
public final class ExpectedOutputs implements AutoCloseable {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** The tensors of one routing mode; {@code active} is empty or has one for each recursion. */
  private record Outputs(MemorySegment logits, List<MemorySegment> active) {}

  private final Arena arena;
  private final SafetensorsFile file;
  private final ModelConfig config;
  private final MemorySegment bytes;
  private final MemorySegment ids;
  private final int batch;
  private final int tokens;
  private final Map<RoutingMode, Outputs> outputs = new EnumMap<>(RoutingMode.class);

  private ExpectedOutputs(SafetensorsFile file, ModelConfig config, Arena arena)
      throws IOException {
    this.arena = arena;
    this.file = file;
    this.config = config;
    this.bytes = file.map(arena);
    SafetensorsFile.Tensor input = file.tensors().get("input_ids");
    if (input == null || input.shape().size() != 2 || input.dtype() != DType.I32) {
      throw wrong("input_ids", input, "I32 [B, T]");
    }
    long most = config.architecture().maxPositions();
    if (input.shape().get(0) < 1 || input.shape().get(1) < 1 || input.shape().get(1) > most) {
      throw wrong("input_ids", input, "at least one text of 1 to " + most + " tokens");
    }
    this.batch = Math.toIntExact(input.shape().get(0));
    this.tokens = Math.toIntExact(input.shape().get(1));
    this.ids = data(input);
    checkIds();
    // A model without a choice of routing has one result, whatever the mode.
    boolean expert = config.routing() instanceof RoutingConfig.ExpertChoice;
    read(expert ? RoutingMode.TOP_K : RoutingMode.THRESHOLD, "");
    if (file.tensors().containsKey("threshold_logits")) {
      if (outputs.containsKey(RoutingMode.THRESHOLD)) {
        throw new ModelFormatException(
            file.path(),
            "tensor threshold_logits, expected only logits for a model without expert-choice routing");
      }
      read(RoutingMode.THRESHOLD, "threshold_");
    }
    if (outputs.isEmpty()) {
      throw new ModelFormatException(
          file.path(), "no tensor logits or threshold_logits, expected at least one of them");
    }
    checkNames();
  }

  /**
   * Opens {@code path}.
   *
   * @throws ModelFormatException where a tensor is missing or has a type, shape or value that does
   *     not fit {@code config}
   */
  @SuppressWarnings("MustBeClosedChecker") // The arena passes to the object, which closes it.
  public static ExpectedOutputs open(Path path, ModelConfig config) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    Arena arena = Arena.ofConfined();
    try {
      return new ExpectedOutputs(file, config, arena);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Texts, {@code B}. */
  public int batch() {
    return batch;
  }

  /** Tokens of each text, {@code T}. */
  public int tokens() {
    return tokens;
  }

  /** The routing modes that the file has outputs for. */
  public Set<RoutingMode> modes() {
    return Collections.unmodifiableSet(outputs.keySet());
  }

  /** The ids of text {@code row}. */
  public int[] inputIds(int row) {
    return ids.asSlice(4L * row * tokens, 4L * tokens).toArray(INT);
  }

  /** The logit of {@code id} after token {@code token} of text {@code row}. */
  public float logit(RoutingMode mode, int row, int token, int id) {
    long place = (long) row * tokens + token;
    long vocabulary = config.architecture().vocabulary();
    return outputs.get(mode).logits().getAtIndex(FLOAT, place * vocabulary + id);
  }

  /** Recursions whose decisions the file has: all, or 0 for a model without a router. */
  public int recordedRecursions(RoutingMode mode) {
    return outputs.get(mode).active().size();
  }

  /** Whether token {@code token} of text {@code row} takes part in {@code recursion}. */
  public boolean isActive(RoutingMode mode, int row, int token, int recursion) {
    long place = (long) row * tokens + token;
    return outputs.get(mode).active().get(recursion).get(ValueLayout.JAVA_BYTE, place) != 0;
  }

  private void read(RoutingMode mode, String prefix) throws ModelFormatException {
    SafetensorsFile.Tensor logits = file.tensors().get(prefix + "logits");
    if (logits == null) {
      return;
    }
    long vocabulary = config.architecture().vocabulary();
    check(logits, DType.F32, List.of((long) batch, (long) tokens, vocabulary));
    boolean routed = !(config.routing() instanceof RoutingConfig.None);
    List<MemorySegment> active = new ArrayList<>();
    for (int r = 0; r < config.recursions(); r++) {
      String name = prefix + "active_" + r;
      SafetensorsFile.Tensor tensor = file.tensors().get(name);
      if (tensor == null) {
        // Without a router there is nothing to decide; but decisions are there wholly or not at
        // all.
        if (routed || !active.isEmpty()) {
          throw wrong(name, null, "U8 " + List.of(batch, tokens));
        }
        continue;
      }
      check(tensor, DType.U8, List.of((long) batch, (long) tokens));
      if (active.size() != r) {
        throw wrong(prefix + "active_" + active.size(), null, "U8 " + List.of(batch, tokens));
      }
      MemorySegment flags = data(tensor);
      checkFlags(name, flags);
      active.add(flags);
    }
    outputs.put(mode, new Outputs(data(logits), active));
  }

  private void checkIds() throws ModelFormatException {
    int vocabulary = config.architecture().vocabulary();
    for (long i = 0; i < (long) batch * tokens; i++) {
      int id = ids.getAtIndex(INT, i);
      if (id < 0 || id >= vocabulary) {
        throw new ModelFormatException(
            file.path(),
            "tensor input_ids has id "
                + id
                + " at place "
                + i
                + ", expected 0 to "
                + (vocabulary - 1));
      }
    }
  }

  private void checkFlags(String name, MemorySegment flags) throws ModelFormatException {
    for (long i = 0; i < flags.byteSize(); i++) {
      int flag = flags.get(ValueLayout.JAVA_BYTE, i);
      if (flag != 0 && flag != 1) {
        throw new ModelFormatException(
            file.path(),
            "tensor " + name + " has " + flag + " at place " + i + ", expected 0 or 1");
      }
    }
  }

  /** A tensor that nothing would compare must not look as if it had been. */
  private void checkNames() throws ModelFormatException {
    for (String name : file.tensors().keySet()) {
      String plain = name.startsWith("threshold_") ? name.substring(10) : name;
      RoutingMode mode =
          plain.equals(name) && config.routing() instanceof RoutingConfig.ExpertChoice
              ? RoutingMode.TOP_K
              : RoutingMode.THRESHOLD;
      if (!plain.startsWith("active_")) {
        continue;
      }
      boolean used =
          outputs.containsKey(mode)
              && plain.matches("active_\\d{1,4}")
              && Integer.parseInt(plain.substring(7)) < outputs.get(mode).active().size();
      if (!used) {
        throw new ModelFormatException(
            file.path(),
            "tensor "
                + name
                + " belongs to no logits or recursion, expected active_0 to active_"
                + (config.recursions() - 1)
                + " beside the logits of the same routing");
      }
    }
  }

  private void check(SafetensorsFile.Tensor tensor, DType dtype, List<Long> shape)
      throws ModelFormatException {
    if (tensor.dtype() != dtype || !tensor.shape().equals(shape)) {
      throw wrong(tensor.name(), tensor, dtype + " " + shape);
    }
  }

  private ModelFormatException wrong(String name, SafetensorsFile.Tensor found, String expected) {
    return new ModelFormatException(
        file.path(),
        "tensor "
            + name
            + (found == null ? " is missing" : " is " + found.dtype() + " " + found.shape())
            + ", expected "
            + expected);
  }

  private MemorySegment data(SafetensorsFile.Tensor tensor) {
    return bytes.asSlice(tensor.offset(), tensor.byteSize());
  }

  @Override
  public void close() {
    arena.close();
  }
}

package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.CudaUpload;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.kernel.DeviceCache;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;
import dev.mor4j.bindings.cuda.kernel.DeviceRouter;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.LayerWeights;
import dev.mor4j.runtime.weights.MatrixView;
import dev.mor4j.runtime.weights.RouterWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * The weights of a model in device memory, row-major in the number types that the kernels multiply
 * with: panels are unpacked on the way. Owns the memory. A matrix that is asked for twice is there
 * once. One thread at a time.
 */
final class DeviceWeights implements AutoCloseable {
  private static final long STAGING_BYTES = 8L << 20;

  /** Rows of a matrix that are converted at a time, in bytes of the result. */
  private static final long PIECE_BYTES = 4L << 20;

  private final CudaContext context;
  private final CudaType type;
  private final CudaUpload upload;
  private final List<DeviceMemory> owned = new ArrayList<>();
  private final Map<List<Place>, DeviceMatrix> matrices = new HashMap<>();
  private final Map<Place, DeviceView> floats = new HashMap<>();
  private long largestInt8;
  private long bytes;

  /** What a view shows, by where it is. */
  private record Place(long address, long rows, WeightType type) {
    static Place of(MatrixView view) {
      return new Place(view.data().address(), view.rows(), view.type());
    }
  }

  /**
   * @param type of activations and of weights that are no INT8
   */
  DeviceWeights(CudaContext context, CudaStream stream, CudaType type) {
    this.context = context;
    this.type = type;
    this.upload = new CudaUpload(stream, STAGING_BYTES);
  }

  /** Bytes on the device. */
  long bytes() {
    return bytes;
  }

  /** Numbers of the largest INT8 matrix; 0 without one. */
  long largestInt8() {
    return largestInt8;
  }

  /** What the host has, as it is, in device memory. */
  private DeviceView upload(MemorySegment data, Element element) {
    DeviceMemory memory = allocate(data.byteSize());
    copy(data, memory, 0);
    return DeviceView.of(memory, element);
  }

  /** A matrix as float32: norms, routers. */
  DeviceView floats(MatrixView view) {
    return floats.computeIfAbsent(
        Place.of(view), place -> dense(List.of(view), CudaType.F32).data());
  }

  /** The rows of {@code views} one below the other; all have the same type and columns. */
  DeviceMatrix matrix(MatrixView... views) {
    List<MatrixView> parts = List.of(views);
    boolean int8 = WeightRows.isInt8(parts.getFirst().type());
    return matrices.computeIfAbsent(
        parts.stream().map(Place::of).toList(), places -> int8 ? int8(parts) : dense(parts, type));
  }

  private DeviceMemory allocate(long size) {
    DeviceMemory memory;
    try {
      memory = context.allocate(size);
    } catch (RuntimeException e) {
      throw DeviceFailure.of("weights", e);
    }
    owned.add(memory);
    bytes += size;
    MemoryAccount.DEVICE_WEIGHTS.added(size);
    return memory;
  }

  private void copy(MemorySegment from, DeviceMemory to, long toOffset) {
    try {
      upload.copy(from, to, toOffset);
    } catch (RuntimeException e) {
      throw DeviceFailure.of("weights", e);
    }
  }

  private static long rows(List<MatrixView> parts) {
    return parts.stream().mapToLong(MatrixView::rows).sum();
  }

  private DeviceMatrix dense(List<MatrixView> parts, CudaType to) {
    long cols = parts.getFirst().cols();
    long rowBytes = Math.multiplyExact(cols, (long) to.bytes());
    DeviceMemory memory = allocate(Math.multiplyExact(rows(parts), rowBytes));
    long at = 0;
    for (MatrixView part : parts) {
      if (WeightRows.liesAs(part.type(), to)) {
        copy(part.data(), memory, at);
        at += part.data().byteSize();
        continue;
      }
      int step = (int) Math.clamp(PIECE_BYTES / rowBytes, 1, part.rows());
      byte[] piece = new byte[Math.toIntExact(step * rowBytes)];
      MemorySegment segment = MemorySegment.ofArray(piece);
      WeightRows rows = new WeightRows(part);
      for (long row = 0; row < part.rows(); row += step) {
        int count = (int) Math.min(step, part.rows() - row);
        rows.copy(row, count, to, segment);
        copy(segment.asSlice(0, count * rowBytes), memory, at);
        at += count * rowBytes;
      }
    }
    return DeviceMatrix.of(DeviceView.of(memory, to.element()), rows(parts), cols);
  }

  private DeviceMatrix int8(List<MatrixView> parts) {
    long cols = parts.getFirst().cols();
    long rows = rows(parts);
    int groups = WeightRows.scaleCount(cols);
    DeviceMemory memory = allocate(Math.multiplyExact(rows, cols));
    DeviceMemory scales = allocate(rows * groups * Short.BYTES);
    long first = 0;
    for (MatrixView part : parts) {
      int step = (int) Math.clamp(PIECE_BYTES / cols, 1, part.rows());
      byte[] piece = new byte[Math.toIntExact(step * cols)];
      short[] pieceScales = new short[step * groups];
      WeightRows source = new WeightRows(part);
      for (long row = 0; row < part.rows(); row += step) {
        int count = (int) Math.min(step, part.rows() - row);
        source.copyInt8(row, count, piece, pieceScales);
        copy(MemorySegment.ofArray(piece).asSlice(0, count * cols), memory, first * cols);
        copy(
            MemorySegment.ofArray(pieceScales).asSlice(0, (long) count * groups * Short.BYTES),
            scales,
            first * groups * Short.BYTES);
        first += count;
      }
    }
    largestInt8 = Math.max(largestInt8, rows * cols);
    return new DeviceMatrix(
        DeviceView.of(memory, Element.INT8),
        Optional.of(DeviceView.of(scales, Element.BF16)),
        rows,
        cols);
  }

  /** Float32 numbers of the host. */
  DeviceView floats(float[] values) {
    return upload(MemorySegment.ofArray(values), Element.F32);
  }

  /** A decoder layer. */
  DeviceLayer layer(CachedLayer layer) {
    LayerWeights w = layer.weights();
    boolean reads = layer.kvMode() == KvMode.READ;
    // An overlay's page holds the same layers as the page that it lies over.
    int overlayLayer = layer.kvMode() == KvMode.OVERLAY ? layer.kvLayer() : 0;
    return new DeviceLayer(
        floats(w.inputNorm()),
        reads ? queries(w) : matrix(w.q(), w.k(), w.v()),
        matrix(w.o()),
        floats(w.postNorm()),
        matrix(w.gate(), w.up()),
        matrix(w.down()),
        new DeviceCache.Place(layer.kvLayer(), overlayLayer, layer.kvMode()));
  }

  /** The queries' part of the matrix that other recursions have whole: its first rows. */
  private DeviceMatrix queries(LayerWeights w) {
    return matrix(w.q(), w.k(), w.v()).firstRows(w.q().rows());
  }

  /** A router, in float32. */
  DeviceRouterTable router(RouterWeights router) {
    DeviceRouter weights =
        new DeviceRouter(
            floatMatrix(router.w1()), router.w2().map(this::floatMatrix), router.temperature());
    return table(List.of(weights), r -> false);
  }

  private DeviceMatrix floatMatrix(MatrixView view) {
    return DeviceMatrix.of(floats(view), view.rows(), view.cols());
  }

  /**
   * A table of routers that were made ready before.
   *
   * @param takesAll of which recursions the router takes all rows
   */
  DeviceRouterTable tableOf(List<? extends PreparedRouter> routers, IntPredicate takesAll) {
    return table(
        routers.stream().map(router -> ((DeviceRouterTable) router).first()).toList(), takesAll);
  }

  private DeviceRouterTable table(List<DeviceRouter> routers, IntPredicate takesAll) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(DeviceRouter.BYTES * routers.size(), Long.BYTES);
      for (int r = 0; r < routers.size(); r++) {
        routers.get(r).write(table, r, takesAll.test(r));
      }
      return new DeviceRouterTable(routers.getFirst(), upload(table, Element.ROUTER));
    }
  }

  /** Its hidden layer; 0 for a linear one. */
  static int inner(RouterWeights router) {
    return router.w2().isPresent() ? Math.toIntExact(router.w1().rows()) : 0;
  }

  /** Frees everything; may be called again. */
  @Override
  public void close() {
    upload.close();
    for (DeviceMemory memory : owned) {
      memory.close();
    }
    owned.clear();
    MemoryAccount.DEVICE_WEIGHTS.removed(bytes);
    bytes = 0;
  }
}

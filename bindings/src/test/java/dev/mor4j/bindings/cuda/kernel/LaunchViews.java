package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** Makes the views of a launch, all as they should be but one. */
final class LaunchViews {
  /** State rows, rows of the bucket, and sizes of the model that a launch is for. */
  static final int STATES = 5;

  static final int BUCKET = 3;
  static final int HIDDEN = 4;
  static final int OUTS = 2;
  static final int HEADS = 2;
  static final int HEAD_DIM = 4;
  static final long QKV = (HEADS + 2L) * HEAD_DIM;

  /** What may be wrong with a view. */
  enum Fault {
    ELEMENT(IllegalArgumentException.class),
    SHORT(IllegalArgumentException.class),
    FOREIGN(IllegalArgumentException.class),
    CLOSED(IllegalStateException.class);

    final Class<? extends RuntimeException> refusal;

    Fault(Class<? extends RuntimeException> refusal) {
      this.refusal = refusal;
    }
  }

  private final CudaStream stream;
  private final CudaContext other;
  private final Set<String> made = new LinkedHashSet<>();
  private final String faulty;
  private final Fault fault;

  /**
   * @param stream what the launch is enqueued on
   * @param other another context
   * @param faulty the argument that does not fit; empty for none
   */
  LaunchViews(CudaStream stream, CudaContext other, String faulty, Fault fault) {
    this.stream = stream;
    this.other = other;
    this.faulty = faulty;
    this.fault = fault;
  }

  /** As many elements as the launch needs, and no more. */
  DeviceView of(String argument, Element element, long count) {
    assertThat(made.add(argument)).as("%s is given twice", argument).isTrue();
    if (!argument.equals(faulty)) {
      return view(stream.context(), element, count);
    }
    return switch (fault) {
      case ELEMENT -> view(stream.context(), another(element), count * 32);
      case SHORT -> view(stream.context(), element, count - 1);
      case FOREIGN -> view(other, element, count);
      case CLOSED -> {
        DeviceView view = view(stream.context(), element, count);
        view.owner().close();
        yield view;
      }
    };
  }

  /** Of the same size where there is such a one: what only the element tells apart. */
  private Element another(Element element) {
    return Arrays.stream(Element.values())
        .filter(e -> e != element && e.bytes() == element.bytes() && !isActivation(e))
        .findFirst()
        .orElse(Element.UINT64);
  }

  private boolean isActivation(Element element) {
    return element == Element.F32 || element == Element.BF16 || element == Element.F16;
  }

  DeviceView floats(String argument, long count) {
    return of(argument, Element.F32, count);
  }

  DeviceView ints(String argument, long count) {
    return of(argument, Element.INT32, count);
  }

  DeviceRows rows() {
    return rows("");
  }

  DeviceRows rows(String prefix) {
    return new DeviceRows(
        ints(prefix + "rows.list", BUCKET), ints(prefix + "rows.count", 1), BUCKET, STATES);
  }

  DeviceCache cache() {
    return new DeviceCache(
        of("cache.kv", Element.KV_ROW, STATES),
        of("cache.tables", Element.UINT64, 1),
        CudaKvType.F32,
        32,
        new DeviceCache.Place(0, 0, CudaKvMode.READ),
        new DeviceCache.Heads(HEADS, 1, HEAD_DIM));
  }

  Rotation rotation() {
    return new Rotation(ints("positions", STATES), floats("inverse_frequencies", HEAD_DIM / 2));
  }

  Attention attention() {
    return new Attention(
        rows(),
        cache(),
        floats("qkv", BUCKET * QKV),
        floats("out", (long) BUCKET * HEADS * HEAD_DIM),
        Optional.of(new Attention.Kinds(of("kinds", Element.UINT8, STATES), 1)));
  }

  Outcomes outcomes(String prefix) {
    return new Outcomes(
        of(prefix + "keep", Element.UINT8, STATES),
        floats(prefix + "gates", STATES),
        ints(prefix + "depths", STATES));
  }

  ExpertRule rule(String prefix, Recursion recursion) {
    return new ExpertRule(
        of(prefix + "routers", Element.ROUTER, recursion.leastRouters()),
        new ExpertRule.Limits(
            of(prefix + "thresholds", Element.F64, STATES),
            ints(prefix + "max_recursions", STATES)),
        outcomes(prefix),
        new Gate(1, RouterFunction.SIGMOID, true),
        recursion);
  }

  Scatter scatter(String prefix) {
    return new Scatter(
        rows(prefix),
        floats(prefix + "y", BUCKET * HIDDEN),
        Optional.of(floats(prefix + "residual", BUCKET * HIDDEN)),
        floats(prefix + "x", STATES * HIDDEN),
        HIDDEN,
        new Scatter.Result.Add(floats(prefix + "gates", STATES)));
  }

  /** An INT8 matrix [HIDDEN, HIDDEN]. */
  DeviceMatrix matrix(String prefix) {
    // It refuses data of another type or size by itself, before there is an operation to name.
    return new DeviceMatrix(
        of(prefix + "data", Element.INT8, HIDDEN * HIDDEN),
        Optional.of(of(prefix + "scales", Element.BF16, HIDDEN)),
        HIDDEN,
        HIDDEN);
  }

  /** The arguments that views were made for. */
  Set<String> made() {
    return made;
  }

  /** All bytes 0, so that a count says that there are no rows and a launch does nothing. */
  private DeviceView view(CudaContext owner, Element element, long count) {
    DeviceMemory memory = owner.allocate(Math.max(1, count * element.bytes()));
    CudaStream filling = owner == stream.context() ? stream : owner.createStream();
    filling.fill(memory, 0, (byte) 0, memory.byteSize());
    return DeviceView.of(memory, element).slice(0, count);
  }
}

package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** Number types of weights and activations. */
public enum CudaType {
  /** float32. */
  F32(Mor4jCuda.MOR4J_CUDA_F32(), Element.F32),
  /** bfloat16. */
  BF16(Mor4jCuda.MOR4J_CUDA_BF16(), Element.BF16),
  /** float16. */
  F16(Mor4jCuda.MOR4J_CUDA_F16(), Element.F16),
  /** int8 with a bfloat16 scale for each group of 32 columns of a row; for weights only. */
  INT8(Mor4jCuda.MOR4J_CUDA_INT8(), Element.INT8);

  private final int code;
  private final Element element;

  CudaType(int code, Element element) {
    this.code = code;
    this.element = element;
  }

  /**
   * The number type of a view's elements.
   *
   * @throws IllegalArgumentException where they are no numbers that weights or activations have
   */
  public static CudaType of(Element element) {
    return switch (element) {
      case F32 -> F32;
      case BF16 -> BF16;
      case F16 -> F16;
      case INT8 -> INT8;
      case F64, INT32, UINT8, UINT32, UINT64, ROUTER, KV_ROW, SAMPLING ->
          throw new IllegalArgumentException(
              "weights or activations of " + element + ", expected F32, BF16, F16 or INT8");
    };
  }

  /**
   * The type of activations that an argument of an operation has.
   *
   * @throws IllegalArgumentException where activations have no such numbers
   */
  static CudaType ofActivations(Operation operation, String argument, DeviceView view) {
    return switch (view.element()) {
      case F32 -> F32;
      case BF16 -> BF16;
      case F16 -> F16;
      case F64, INT8, INT32, UINT8, UINT32, UINT64, ROUTER, KV_ROW, SAMPLING ->
          throw new IllegalArgumentException(
              operation.describe(argument)
                  + " is "
                  + view.count()
                  + " × "
                  + view.element()
                  + ", expected F32, BF16 or F16");
    };
  }

  /** Its number in the C ABI. */
  public int code() {
    return code;
  }

  /** What arrays of it are made of. */
  public Element element() {
    return element;
  }

  /** Bytes of a number, without scales. */
  public int bytes() {
    return (int) element.bytes();
  }
}

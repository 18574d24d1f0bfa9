package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;

/** Which recursion the rows of a pass are routed for, and so which router of a table decides. */
public sealed interface Recursion {
  /**
   * The same for all rows.
   *
   * @param index the recursion
   */
  record Fixed(int index) implements Recursion {}

  /**
   * Each row's own.
   *
   * @param recursions int32 [states], each below the number of routers: checked by nobody
   */
  record PerRow(DeviceView recursions) implements Recursion {}

  /** How many routers a table has to have at least. */
  default long leastRouters() {
    return switch (this) {
      case Fixed fixed -> fixed.index() + 1L;
      case PerRow perRow -> 1;
    };
  }
}

package dev.mor4j.runtime.format;

/** Where the weights of an open model are. */
public enum WeightsPlacement {
  /**
   * Mapped where the file is on a file system of this machine, copied where it comes over a
   * network.
   */
  AUTO,
  /**
   * In the file, mapped read-only: the operating system reads pages when they are needed, drops
   * them when memory is short, and shares them between processes. The file must stay as it is while
   * the model is open.
   */
  MAPPED,
  /** In memory off the heap, read when the model is opened. The file may change afterwards. */
  COPIED
}

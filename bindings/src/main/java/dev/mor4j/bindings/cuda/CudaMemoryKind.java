package dev.mor4j.bindings.cuda;

/** Where memory lies. */
public enum CudaMemoryKind {
  /** On the device: {@link DeviceMemory}. */
  DEVICE,
  /** On the host, page-locked: {@link PinnedMemory}. */
  PINNED
}

package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.kernel.CudaKvMode;
import dev.mor4j.runtime.backend.PreparedLayers;
import java.util.List;

/** Layers of a pass in device memory, borrowed. Compared by identity: graphs are made of them. */
final class DeviceLayers implements PreparedLayers {
  private final List<DeviceLayer> layers;
  private final boolean overlays;

  DeviceLayers(List<DeviceLayer> layers) {
    this.layers = List.copyOf(layers);
    this.overlays = layers.stream().anyMatch(layer -> layer.place().mode() == CudaKvMode.OVERLAY);
  }

  List<DeviceLayer> layers() {
    return layers;
  }

  /** Whether rows may have an overlay. */
  boolean overlays() {
    return overlays;
  }
}

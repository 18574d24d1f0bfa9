package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_layer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The layers of one pass as C structures, written once and used by every pass. Lives in the arena
 * it was made in and borrows the weights; immutable, so safe to share between threads.
 */
public final class LayerTable {
  private final MemorySegment shape;
  private final MemorySegment layers;
  private final int count;
  private final int pageLayers;
  private final int overlayLayers;

  /**
   * @param pageLayers layers that a base page holds
   * @param overlayLayers layers that an overlay page holds, 0 without one
   */
  public LayerTable(
      Arena arena, BlockShape shape, List<LayerView> layers, int pageLayers, int overlayLayers) {
    this.shape = shape.write(arena);
    this.layers = mor4j_layer.allocateArray(layers.size(), arena);
    this.count = layers.size();
    this.pageLayers = pageLayers;
    this.overlayLayers = overlayLayers;
    for (int i = 0; i < count; i++) {
      LayerView layer = layers.get(i);
      if (layer.kvLayer() < 0 || layer.kvLayer() >= pageLayers) {
        throw new IllegalArgumentException(
            "layer "
                + i
                + " lies at "
                + layer.kvLayer()
                + " of a page of "
                + pageLayers
                + " layers");
      }
      layer.write(mor4j_layer.asSlice(this.layers, i));
    }
  }

  MemorySegment shape() {
    return shape;
  }

  MemorySegment layers() {
    return layers;
  }

  int count() {
    return count;
  }

  int pageLayers() {
    return pageLayers;
  }

  int overlayLayers() {
    return overlayLayers;
  }
}

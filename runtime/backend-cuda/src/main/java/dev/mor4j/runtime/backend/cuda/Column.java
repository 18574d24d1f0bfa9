package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;

/**
 * The place of an array in a buffer that holds several, on the device and in the host's copy of it.
 *
 * @param element what it is an array of
 * @param offset where it begins
 * @param count how many elements it has
 */
record Column(Element element, long offset, long count) {
  /** Where entry {@code index} begins. */
  long at(long index) {
    return offset + index * element.bytes();
  }

  /** The array in the buffer's memory. */
  DeviceView view(DeviceMemory memory) {
    return new DeviceView(memory, offset, count * element.bytes(), element);
  }
}

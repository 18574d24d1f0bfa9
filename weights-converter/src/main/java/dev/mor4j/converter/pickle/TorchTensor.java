package dev.mor4j.converter.pickle;

import dev.mor4j.runtime.format.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a PyTorch file: a view of a storage, checked to lie within it.
 *
 * @param shape sizes
 * @param strides elements from one index to the next, for each size
 * @param storage the whole storage; borrowed from the file's mapping
 * @param offset of the first element, in elements
 */
public record TorchTensor(
    DType dtype, List<Long> shape, List<Long> strides, MemorySegment storage, long offset) {}

package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceTensor;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A tensor with numbers that are NaN or infinite.
 *
 * @param tensor in the checkpoint
 * @param count how many of its numbers
 * @param first row-major index of the first of them
 * @param packed whether it is to be packed, which takes finite numbers only
 */
public record NonFiniteTensor(SourceTensor tensor, long count, long first, boolean packed) {
  private static final int MOST_NAMED = 20;

  /** For example {@code lm_head.weight in model.safetensors: 3 of 4096, the first at [0, 17]}. */
  public String describe() {
    List<Long> shape = tensor.shape();
    Long[] index = new Long[shape.size()];
    long rest = first;
    for (int i = shape.size() - 1; i >= 0; i--) {
      index[i] = rest % shape.get(i);
      rest /= shape.get(i);
    }
    return tensor.name()
        + " in "
        + tensor.file().getFileName()
        + ": "
        + count
        + " of "
        + tensor.elements()
        + ", the first at "
        + List.of(index);
  }

  /** All of them in one text, the first {@value #MOST_NAMED} by name. */
  public static String describe(List<NonFiniteTensor> tensors) {
    return tensors.size()
        + (tensors.size() == 1 ? " tensor has" : " tensors have")
        + " numbers that are NaN or infinite: "
        + tensors.stream()
            .limit(MOST_NAMED)
            .map(NonFiniteTensor::describe)
            .collect(Collectors.joining("; "))
        + (tensors.size() > MOST_NAMED ? "; and more" : "");
  }
}

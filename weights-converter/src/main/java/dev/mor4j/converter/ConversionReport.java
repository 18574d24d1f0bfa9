package dev.mor4j.converter;

import dev.mor4j.runtime.format.ModelConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * What a conversion made.
 *
 * @param folder the converted model
 * @param config its configuration, with the aliases found
 * @param tensors places of the model that use a tensor
 * @param storedTensors tensors stored, each once
 * @param weightBytes size of the weights' file
 * @param untied tensors that the sharing strategy says are shared, and that differ from the tensor
 *     of the first recursion
 * @param warnings what the user should know
 */
public record ConversionReport(
    Path folder,
    ModelConfig config,
    int tensors,
    int storedTensors,
    long weightBytes,
    List<String> untied,
    List<String> warnings) {
  public ConversionReport {
    untied = List.copyOf(untied);
    warnings = List.copyOf(warnings);
  }
}

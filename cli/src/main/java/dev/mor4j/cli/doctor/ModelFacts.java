package dev.mor4j.cli.doctor;

import dev.mor4j.converter.CacheEstimate;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.ProductType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.format.WeightCost;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What decides how fast a model is.
 *
 * @param folder of the model
 * @param types number types of its matrices
 * @param cost weights that a token passes
 * @param positions longest text
 * @param kvBytesPerToken of float32 caches, as far as can be told beforehand
 */
public record ModelFacts(
    Path folder, Types types, WeightCost cost, int positions, double kvBytesPerToken) {
  /**
   * How matrices are stored and multiplied.
   *
   * @param layers number types of the matrices of the layers, such as {@code BF16} or {@code INT8}
   * @param head number type of the head
   * @param rowMajor whether a matrix of a layer is row-major
   * @param products number type of the products with the matrices of the layers
   */
  public record Types(
      SortedSet<String> layers, String head, boolean rowMajor, ProductType products) {}

  /** The facts of an opened model. */
  public static ModelFacts of(MorModel model) throws IOException {
    ModelConfig config = model.config();
    Path file = model.folder().resolve("model.safetensors");
    Map<String, StoredTensor> tensors = StoredTensors.of(SafetensorsFile.open(file), config);
    SortedSet<String> types = new TreeSet<>();
    boolean rowMajor = false;
    for (Map.Entry<String, StoredTensor> place : tensors.entrySet()) {
      if (place.getKey().startsWith("layers.") && TensorNames.mayBePacked(place.getKey())) {
        types.add(place.getValue().typeName());
        rowMajor |= place.getValue().packing().isEmpty();
      }
    }
    return new ModelFacts(
        model.folder(),
        new Types(
            types,
            tensors.get(TensorNames.HEAD).typeName(),
            rowMajor,
            ProductType.of(StoredTensors.packing(tensors))),
        WeightCost.of(config, tensors),
        config.architecture().maxPositions(),
        CacheEstimate.of(config).expected());
  }
}

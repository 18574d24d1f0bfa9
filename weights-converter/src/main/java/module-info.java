/**
 * Converts PyTorch and safetensors checkpoints of Llama-like models to the folders that mor4j runs.
 */
module dev.mor4j.converter {
  requires transitive dev.mor4j.runtime;
  requires com.fasterxml.jackson.core;
  requires org.snakeyaml.engine;

  exports dev.mor4j.converter;
  exports dev.mor4j.converter.gguf;
  exports dev.mor4j.converter.verify;
}

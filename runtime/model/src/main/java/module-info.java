/**
 * What a model is: configuration, file format, packed and mapped weights, number types, and the
 * accounts of off-heap memory. Plain Java without native calls.
 */
@SuppressWarnings("module") // the modules that see more are built after this one
module dev.mor4j.runtime.model {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;

  exports dev.mor4j.runtime.format;
  exports dev.mor4j.runtime.numbers;
  exports dev.mor4j.runtime.packing;
  exports dev.mor4j.runtime.kv to
      dev.mor4j.bindings,
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda,
      dev.mor4j.runtime.mor;
  exports dev.mor4j.runtime.memory to
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda,
      dev.mor4j.runtime.mor;
  exports dev.mor4j.runtime.weights to
      dev.mor4j.bindings,
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda,
      dev.mor4j.runtime.mor;
}

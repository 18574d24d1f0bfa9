/**
 * What Mixture-of-Recursions is: routing, KV caches, forward pass, scheduling, sampling, text; the
 * interface of backends, and the one in plain Java. Without native calls.
 */
@SuppressWarnings("module") // the modules that see more are built after this one
module dev.mor4j.runtime.mor {
  requires transitive dev.mor4j.runtime.model;
  requires com.fasterxml.jackson.core;
  requires static jdk.jfr; // events, where the image has them

  exports dev.mor4j.runtime.device;
  exports dev.mor4j.runtime.engine;
  exports dev.mor4j.runtime.backend to
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.runtime.backend.plain to
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.cache to
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.runtime.forward to
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.routing to
      dev.mor4j.runtime,
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.runtime.sampling to
      dev.mor4j.runtime,
      dev.mor4j.runtime.cpu,
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.runtime.schedule to
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.template to
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.text to
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.text.bounds to
      dev.mor4j.converter,
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.text.codec to
      dev.mor4j.converter,
      dev.mor4j.runtime;
  exports dev.mor4j.runtime.text.tokenizer to
      dev.mor4j.converter,
      dev.mor4j.runtime;
}

/** An NVIDIA GPU as a backend. */
@SuppressWarnings("module") // the public API is built after this module
module dev.mor4j.runtime.cuda {
  requires transitive dev.mor4j.runtime.mor;
  requires dev.mor4j.bindings;

  exports dev.mor4j.runtime.backend.cuda to
      dev.mor4j.runtime;
}

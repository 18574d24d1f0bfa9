/** The C kernels as a backend. */
@SuppressWarnings("module") // the public API is built after this module
module dev.mor4j.runtime.cpu {
  requires transitive dev.mor4j.runtime.mor;
  requires dev.mor4j.bindings;

  exports dev.mor4j.runtime.backend.cpu to
      dev.mor4j.runtime;
}

/**
 * The one module that makes FFM calls: jextract's output for the C ABI of {@code native/} and thin
 * facades that validate, own handles and turn a status into an exception.
 */
@SuppressWarnings("module") // the backends are built after this module
module dev.mor4j.bindings {
  requires dev.mor4j.natives;
  requires transitive dev.mor4j.runtime.model;

  exports dev.mor4j.bindings.cpu to
      dev.mor4j.runtime.cpu;
  exports dev.mor4j.bindings.cuda to
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.bindings.cuda.gemm to
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.bindings.cuda.kernel to
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.bindings.cuda.library to
      dev.mor4j.runtime.cuda;
  exports dev.mor4j.bindings.cuda.status to
      dev.mor4j.runtime.cuda;
}

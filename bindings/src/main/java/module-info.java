/**
 * The one module that makes FFM calls: jextract's output for the C ABI of {@code native/} and thin
 * facades that validate, own handles and turn a status into an exception.
 */
module dev.mor4j.bindings {
  requires dev.mor4j.natives;

  exports dev.mor4j.bindings.cpu;
  exports dev.mor4j.bindings.cuda;
  exports dev.mor4j.bindings.cuda.gemm;
  exports dev.mor4j.bindings.cuda.kernel;
  exports dev.mor4j.bindings.cuda.library;
  exports dev.mor4j.bindings.cuda.status;
}

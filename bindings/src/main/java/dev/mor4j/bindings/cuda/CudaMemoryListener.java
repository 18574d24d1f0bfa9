package dev.mor4j.bindings.cuda;

/**
 * Is told of every allocation of a context, so that the context's owner can count memory. Called on
 * the thread that allocates or frees; must not throw.
 */
public interface CudaMemoryListener {
  /** Memory was allocated. */
  void added(CudaMemoryKind kind, long bytes);

  /** Memory was freed. */
  void removed(CudaMemoryKind kind, long bytes);
}

package dev.mor4j.bindings.cuda.status;

/**
 * A function of the CUDA runtime, cuBLAS or the kernels' launchers returned an error. Any but
 * {@link CudaOutOfMemoryException} poisons its context.
 */
public class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String function;
  private final int status;
  private final String name;
  private final String text;

  CudaException(String function, int status, String name, String text) {
    this(function, status, name, text, "");
  }

  CudaException(String function, int status, String name, String text, String more) {
    super(function + ": " + text + " (" + name + ", status " + status + ")" + more);
    this.function = function;
    this.status = status;
    this.name = name;
    this.text = text;
  }

  /** The C function. */
  public String function() {
    return function;
  }

  /** What it returned. */
  public int status() {
    return status;
  }

  /** The name of the status: {@code cudaErrorIllegalAddress}. */
  public String name() {
    return name;
  }

  /** What the library says of it. */
  public String text() {
    return text;
  }
}

package dev.mor4j.bindings.cuda.status;

/** There is no memory left of the kind that was asked for. The context stays usable. */
public final class CudaOutOfMemoryException extends CudaException {
  private static final long serialVersionUID = 1L;

  private final long requestedBytes;
  private final long freeBytes;
  private final long totalBytes;

  CudaOutOfMemoryException(
      String function,
      int status,
      String name,
      String text,
      long requestedBytes,
      long freeBytes,
      long totalBytes) {
    super(
        function,
        status,
        name,
        text,
        (requestedBytes > 0 ? "; asked for " + requestedBytes + " bytes" : "")
            + "; the device has "
            + freeBytes
            + " of "
            + totalBytes
            + " bytes free");
    this.requestedBytes = requestedBytes;
    this.freeBytes = freeBytes;
    this.totalBytes = totalBytes;
  }

  /** Bytes asked for; 0 where a library needed them for itself and does not say how many. */
  public long requestedBytes() {
    return requestedBytes;
  }

  /** Bytes of the device that were free after the call had failed. */
  public long freeBytes() {
    return freeBytes;
  }

  /** Bytes of the device. */
  public long totalBytes() {
    return totalBytes;
  }
}

package dev.mor4j.runtime.device;

/**
 * A GPU has not the memory that was asked for. What had been computed and opened before stays
 * usable.
 */
public final class DeviceOutOfMemoryException extends DeviceException {
  private static final long serialVersionUID = 1L;

  private final long requestedBytes;
  private final long freeBytes;

  /**
   * @param requestedBytes bytes asked for; 0 where nobody says how many
   * @param freeBytes bytes that were free
   */
  public DeviceOutOfMemoryException(
      String message, long requestedBytes, long freeBytes, Throwable cause) {
    super(message, cause);
    this.requestedBytes = requestedBytes;
    this.freeBytes = freeBytes;
  }

  /** Bytes asked for; 0 where a library needed them for itself and does not say how many. */
  public long requestedBytes() {
    return requestedBytes;
  }

  /** Bytes of the device that were free then. */
  public long freeBytes() {
    return freeBytes;
  }
}

package dev.mor4j.runtime.device;

/**
 * A GPU has failed. Unless it is a {@link DeviceOutOfMemoryException}, nothing more can be computed
 * by the model that was open on it: every later call says so at once, with the first failure. Open
 * the model again, in a new process where that fails too.
 */
public class DeviceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.mor4j.bindings.cuda;

/**
 * Something that is about to be enqueued: what its arguments are checked for, and what a message
 * about one of them calls it.
 *
 * @param stream what it is enqueued on
 * @param name its C function
 * @param part the part of its arguments that is being written, as the C structure calls it; empty
 *     for the structure itself
 */
public record Operation(CudaStream stream, String name, String part) {
  public Operation(CudaStream stream, String name) {
    this(stream, name, "");
  }

  /** The same operation, for the arguments in {@code part} of its structure. */
  public Operation in(String part) {
    return new Operation(stream, name, part);
  }

  /** How a message calls an argument: {@code mor4j_cuda_embed: table.data}. */
  public String describe(String argument) {
    return name + ": " + (part.isEmpty() ? argument : part + "." + argument);
  }

  /**
   * Notes that the operation uses {@code memory}, which has to be open when a graph of it is
   * launched.
   *
   * @throws IllegalArgumentException where the memory is of another context than the stream
   */
  void use(DeviceMemory memory, String argument) {
    if (memory.owner() != stream.context()) {
      throw new IllegalArgumentException(
          describe(argument) + " is device memory of another context than the stream");
    }
    stream.keep(memory);
  }
}

package dev.mor4j.bindings.cuda;

import java.lang.foreign.MemorySegment;

/**
 * A stretch of device memory as an array of one kind of element; borrowed, and valid while its
 * owner is open. Owners of memory make views when they get the memory, and a launch takes them as
 * they are. {@link #pointer} is the way from a view to what C calls a pointer, so no launch gets
 * one that has not been checked. Any thread.
 *
 * @param owner the memory
 * @param offset where the stretch begins in it, a multiple of {@value #ALIGNMENT} bytes
 * @param bytes its size, a multiple of the element's
 * @param element what it is an array of
 */
public record DeviceView(DeviceMemory owner, long offset, long bytes, Element element) {
  /** Bytes that the beginning of every array is a multiple of, as mor4j_cuda.h asks for. */
  public static final int ALIGNMENT = 16;

  /**
   * @throws IndexOutOfBoundsException where the owner has no such stretch
   * @throws IllegalArgumentException where the offset is not aligned, or the size is no whole
   *     number of elements
   */
  public DeviceView {
    Ranges.check("device memory", offset, bytes, owner.byteSize());
    if (offset % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "a view from byte " + offset + " on, expected a multiple of " + ALIGNMENT);
    }
    if (bytes % element.bytes() != 0) {
      throw new IllegalArgumentException(
          "a view of "
              + bytes
              + " bytes, expected a multiple of "
              + element.bytes()
              + ", the size of "
              + element);
    }
  }

  /** All of {@code memory}, but for the bytes at its end that are less than an element. */
  public static DeviceView of(DeviceMemory memory, Element element) {
    long bytes = memory.byteSize();
    return new DeviceView(memory, 0, bytes - bytes % element.bytes(), element);
  }

  /** How many elements it has. */
  public long count() {
    return bytes / element.bytes();
  }

  /**
   * A part of it.
   *
   * @param first its first element, at a multiple of {@value #ALIGNMENT} bytes
   * @param count how many elements
   * @throws IndexOutOfBoundsException where the view has not that many
   */
  public DeviceView slice(long first, long count) {
    Ranges.check("a view of " + element, first, count, count());
    return new DeviceView(
        owner, offset + first * element.bytes(), count * element.bytes(), element);
  }

  /**
   * Checks the view as an argument of something that is enqueued on a stream, and gives the pointer
   * to write into its arguments. A capture of the stream keeps the owner, so that {@link
   * CudaGraph#launch} can see whether it is still open.
   *
   * @param operation who takes it
   * @param argument what it is called there
   * @param expected what it has to be an array of
   * @param count how many elements it has to have at least, 1 or more
   * @throws IllegalStateException where the owner is closed
   * @throws IllegalArgumentException where the view is of another element, too short, or of another
   *     context than the stream
   */
  public MemorySegment pointer(Operation operation, String argument, Element expected, long count) {
    if (!owner.isOpen()) {
      throw closed(operation.describe(argument));
    }
    if (!holds(expected, count)) {
      throw unfit(operation.describe(argument), expected, count);
    }
    operation.use(owner, argument);
    return Pointers.of(owner.address() + offset);
  }

  /**
   * The same for a table of pointers that the host writes and kernels read later. Nothing follows
   * what becomes of such a pointer: whoever writes the table keeps the owner open for as long as
   * the table is in use.
   *
   * @param argument the table and what it calls the view
   */
  public MemorySegment pointer(String argument, Element expected, long count) {
    if (!owner.isOpen()) {
      throw closed(argument);
    }
    if (!holds(expected, count)) {
      throw unfit(argument, expected, count);
    }
    return Pointers.of(owner.address() + offset);
  }

  private boolean holds(Element expected, long count) {
    // Not by a division, which a launch would pay for each of its views. A count that is no larger
    // than the bytes does not overflow when it is multiplied by the few bytes of an element.
    return element == expected && count > 0 && count <= bytes && count * element.bytes() <= bytes;
  }

  private static IllegalStateException closed(String argument) {
    return new IllegalStateException(argument + " is device memory that is closed");
  }

  private IllegalArgumentException unfit(String argument, Element expected, long count) {
    return new IllegalArgumentException(
        argument
            + " is "
            + count()
            + " × "
            + element
            + " ("
            + bytes
            + " bytes), expected "
            + count
            + " × "
            + expected
            + (count > 0 ? "" : ", which is no size"));
  }
}

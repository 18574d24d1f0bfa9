package dev.mor4j.converter.pickle;

import dev.mor4j.runtime.format.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The entries of a zip archive as {@code torch.save} writes it: nothing compressed, so an entry is
 * a range of the file. An archive with compressed or encrypted entries, a name twice, or entries
 * that overlap is refused.
 *
 * <pre>
 *   local header, name, extra, data, [descriptor]   for each entry
 *   central header, name, extra, comment            for each entry
 *   [zip64 end record, zip64 locator]  end record
 * </pre>
 */
final class ZipDirectory {
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
  private static final int ZIP64_END_SIGNATURE = 0x06064b50;
  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int END_SIZE = 22;
  private static final int LOCATOR_SIZE = 20;
  private static final int LOCAL_SIZE = 30;
  private static final int MAX_ENTRIES = 200_000;

  private record Central(long entries, long size, long offset) {}

  private final Path file;
  private final MemorySegment bytes;

  private ZipDirectory(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * Name → data of each entry of {@code file}, whose content {@code bytes} are; the slices borrow
   * them.
   */
  static Map<String, MemorySegment> read(Path file, MemorySegment bytes)
      throws ModelFormatException {
    return new ZipDirectory(file, bytes).entries();
  }

  private Map<String, MemorySegment> entries() throws ModelFormatException {
    Central central = central();
    ByteCursor cursor = cursor("zip directory", central.offset(), central.size());
    Map<String, MemorySegment> entries = new LinkedHashMap<>();
    List<long[]> ranges = new ArrayList<>();
    for (long i = 0; i < central.entries(); i++) {
      entry(cursor, central, entries, ranges);
    }
    if (cursor.remaining() != 0) {
      throw error(
          "zip directory has "
              + cursor.remaining()
              + " bytes after its "
              + central.entries()
              + " entries");
    }
    ranges.sort(Comparator.comparingLong(range -> range[0]));
    long end = 0;
    for (long[] range : ranges) {
      if (range[0] < end) {
        throw error("zip entries overlap at byte " + range[0]);
      }
      end = range[1];
    }
    return entries;
  }

  private void entry(
      ByteCursor cursor, Central central, Map<String, MemorySegment> entries, List<long[]> ranges)
      throws ModelFormatException {
    if (cursor.i32() != CENTRAL_SIGNATURE) {
      throw error("zip directory has no entry at its byte " + (cursor.position() - 4));
    }
    cursor.skip(4);
    int flags = cursor.u16();
    int method = cursor.u16();
    cursor.skip(8);
    long compressed = cursor.u32();
    long size = cursor.u32();
    int nameLength = cursor.u16();
    int extraLength = cursor.u16();
    int commentLength = cursor.u16();
    cursor.skip(8);
    long offset = cursor.u32();
    String name = cursor.text(nameLength);
    long extraEnd = cursor.position() + extraLength;
    while (cursor.position() + 4 <= extraEnd) {
      int id = cursor.u16();
      int length = cursor.u16();
      long end = cursor.position() + length;
      if (end > extraEnd) {
        throw error("zip entry " + name + ": extra field of " + length + " bytes does not fit");
      }
      if (id == 1) {
        size = size == 0xffffffffL ? cursor.i64() : size;
        compressed = compressed == 0xffffffffL ? cursor.i64() : compressed;
        offset = offset == 0xffffffffL ? cursor.i64() : offset;
      }
      if (end < cursor.position()) {
        throw error("zip entry " + name + ": zip64 field has " + length + " bytes, expected more");
      }
      cursor.skip(end - cursor.position());
    }
    cursor.skip(extraEnd - cursor.position() + commentLength);
    if ((flags & 0x2041) != 0) {
      throw error("zip entry " + name + " is encrypted, expected plain");
    }
    if (method != 0 || compressed != size) {
      throw error(
          "zip entry "
              + name
              + " is compressed ("
              + Long.toUnsignedString(compressed)
              + " to "
              + Long.toUnsignedString(size)
              + " bytes), expected stored, as torch.save writes it");
    }
    MemorySegment data = data(name, offset, size, central.offset());
    if (entries.put(name, data) != null) {
      throw error("zip entry " + name + " is there twice");
    }
    long start = data.address() - bytes.address();
    ranges.add(new long[] {offset, start + size});
  }

  /** Checks the local header and finds the data behind it. */
  private MemorySegment data(String name, long offset, long size, long limit)
      throws ModelFormatException {
    if (offset < 0 || offset > limit - LOCAL_SIZE) {
      throw error("zip entry " + name + " is at byte " + offset + ", expected within the file");
    }
    ByteCursor local = cursor("zip entry " + name, offset, limit - offset);
    if (local.i32() != LOCAL_SIGNATURE) {
      throw error("zip entry " + name + " has no local header at byte " + offset);
    }
    local.skip(22);
    int nameLength = local.u16();
    int extraLength = local.u16();
    String localName = local.text(nameLength);
    if (!localName.equals(name)) {
      throw error("zip entry " + name + " is called " + localName + " in its local header");
    }
    local.skip(extraLength);
    if (size < 0 || size > local.remaining()) {
      throw error(
          "zip entry "
              + name
              + " has "
              + Long.toUnsignedString(size)
              + " bytes, expected at most the "
              + local.remaining()
              + " that the file has there");
    }
    return bytes.asSlice(offset + local.position(), size);
  }

  private Central central() throws ModelFormatException {
    long end = findEnd();
    ByteCursor cursor = cursor("zip end record", end, END_SIZE);
    cursor.skip(4);
    // The number of this disk and of the directory's, both 0.
    long disks = cursor.i32();
    int entriesHere = cursor.u16();
    long entries = cursor.u16();
    long size = cursor.u32();
    long offset = cursor.u32();
    // torch.save writes the zip64 records always, needed or not; so their presence decides.
    boolean needed = entries == 0xffff || size == 0xffffffffL || offset == 0xffffffffL;
    ByteCursor locator =
        cursor("zip64 locator", Math.max(0, end - LOCATOR_SIZE), Math.min(end, LOCATOR_SIZE));
    boolean zip64 = end >= LOCATOR_SIZE && locator.i32() == ZIP64_LOCATOR_SIGNATURE;
    if (needed && !zip64) {
      throw error("zip64 end record is missing");
    }
    if (zip64) {
      locator.skip(4);
      end = locator.i64();
      if (end < 0 || end > bytes.byteSize()) {
        throw error("zip64 end record is at byte " + end + ", expected within the file");
      }
      ByteCursor record = cursor("zip64 end record", end, bytes.byteSize() - end);
      if (record.i32() != ZIP64_END_SIGNATURE) {
        throw error("zip64 end record is not at byte " + end);
      }
      record.skip(12);
      disks = record.i64();
      long here = record.i64();
      entries = record.i64();
      entriesHere = here == entries ? (int) Math.min(entries, 0xffff) : -1;
      size = record.i64();
      offset = record.i64();
    }
    if (disks != 0 || entriesHere != Math.min(entries, 0xffff)) {
      throw error("zip archive is split over several files, expected one");
    }
    if (entries < 0 || entries > MAX_ENTRIES) {
      throw error(
          "zip archive has "
              + Long.toUnsignedString(entries)
              + " entries, expected at most "
              + MAX_ENTRIES);
    }
    if (offset < 0 || size < 0 || offset > end || size != end - offset) {
      throw error(
          "zip directory has "
              + size
              + " bytes at byte "
              + offset
              + ", expected it to end at byte "
              + end);
    }
    return new Central(entries, size, offset);
  }

  private long findEnd() throws ModelFormatException {
    long last = bytes.byteSize() - END_SIZE;
    for (long at = last; at >= 0 && at >= last - 0xffff; at--) {
      if (bytes.get(ValueLayout.JAVA_BYTE, at) == 'P') {
        ByteCursor cursor = cursor("zip end record", at, bytes.byteSize() - at);
        if (cursor.i32() == END_SIGNATURE) {
          cursor.skip(16);
          if (cursor.u16() == last - at) {
            return at;
          }
        }
      }
    }
    throw error("the zip archive has no end record: the file is cut off, or not a zip archive");
  }

  private ByteCursor cursor(String what, long offset, long size) {
    return new ByteCursor(file, what, bytes.asSlice(offset, size));
  }

  private ModelFormatException error(String message) {
    return new ModelFormatException(file, message);
  }
}

package dev.mor4j.runtime.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The most memory that this process may have: the least of the machine's memory and the limits of
 * its control groups, versions 1 and 2, those of groups above its own among them. On systems other
 * than Linux nothing is known.
 *
 * @param bytes the limit
 * @param source the file that says so, or the property
 */
public record MemoryLimit(long bytes, String source) {
  /** System property: bytes in place of what the system says, or {@code none} for no limit. */
  public static final String PROPERTY = "mor4j.memory.limit";

  /** From here on a limit of version 1 means none: it is the largest that pages can be counted. */
  private static final long UNLIMITED = 1L << 60;

  private static final String VERSION_1 = "memory.limit_in_bytes";
  private static final String VERSION_2 = "memory.max";

  /** Where the files of a hierarchy are, and which folder of it is mounted there. */
  private record Mount(Path point, String root, boolean second) {}

  /**
   * The limit of this process; empty where none is known.
   *
   * @throws IllegalArgumentException when {@value #PROPERTY} is neither {@code none} nor bytes
   */
  public static Optional<MemoryLimit> ofThisProcess() {
    String given = System.getProperty(PROPERTY);
    if (given == null || given.isBlank()) {
      return read(Path.of("/"));
    }
    if (given.equals("none")) {
      return Optional.empty();
    }
    Optional<Long> bytes = number(given).filter(value -> value > 0);
    return Optional.of(
        new MemoryLimit(
            bytes.orElseThrow(
                () ->
                    new IllegalArgumentException(
                        PROPERTY + " is " + given + ", expected a number of bytes, or none")),
            PROPERTY));
  }

  /**
   * The limit of the process that asks.
   *
   * @param root the folder that {@code /proc} is in
   */
  static Optional<MemoryLimit> read(Path root) {
    List<MemoryLimit> limits = new ArrayList<>();
    Path memory = root.resolve("proc/meminfo");
    for (String line : lines(memory)) {
      if (line.startsWith("MemTotal:")) {
        String[] words = line.split("\\s+", -1);
        number(words[1])
            .ifPresent(kib -> limits.add(new MemoryLimit(kib << 10, memory.toString())));
      }
    }
    List<String> groups = lines(root.resolve("proc/self/cgroup"));
    for (Mount mount : mounts(root)) {
      for (String line : groups) {
        // 4:memory:/group, or of version 2 0::/group
        String[] parts = line.split(":", 3);
        if (parts.length == 3
            && (mount.second
                ? parts[1].isEmpty()
                : List.of(parts[1].split(",", -1)).contains("memory"))) {
          addUpwards(mount, parts[2], limits);
        }
      }
    }
    return limits.stream().min((a, b) -> Long.compare(a.bytes, b.bytes));
  }

  /** The limits of a group and of those above it, as far as they are mounted. */
  private static void addUpwards(Mount mount, String group, List<MemoryLimit> limits) {
    // In a namespace of its own a container sees only its part of the tree, or names beside it.
    String below =
        mount.root.equals("/")
            ? group
            : group.startsWith(mount.root + "/") ? group.substring(mount.root.length()) : "/";
    Path folder = mount.point;
    if (!below.contains("..")) {
      try {
        folder = mount.point.resolve(below.substring(Math.min(1, below.length()))).normalize();
      } catch (InvalidPathException e) {
        folder = mount.point;
      }
    }
    String name = mount.second ? VERSION_2 : VERSION_1;
    for (Path at = folder; at != null && at.startsWith(mount.point); at = at.getParent()) {
      Path file = at.resolve(name);
      for (String line : lines(file)) {
        number(line.strip())
            .filter(bytes -> bytes < UNLIMITED)
            .ifPresent(bytes -> limits.add(new MemoryLimit(bytes, file.toString())));
      }
    }
  }

  private static List<Mount> mounts(Path root) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : lines(root.resolve("proc/self/mountinfo"))) {
      // 35 31 0:32 ROOT POINT rw,relatime shared:1 - cgroup cgroup rw,memory
      String[] parts = line.split(" - ", 2);
      String[] place = parts[0].split(" ", -1);
      String[] type = parts.length == 2 ? parts[1].split(" ", -1) : new String[0];
      if (place.length < 5 || type.length < 3) {
        continue;
      }
      boolean second = type[0].equals("cgroup2");
      if (second
          || (type[0].equals("cgroup") && List.of(type[2].split(",", -1)).contains("memory"))) {
        mounts.add(new Mount(root.resolve(place[4].substring(1)), place[3], second));
      }
    }
    return mounts;
  }

  /** The lines of a small file; none where it is missing or may not be read. */
  private static List<String> lines(Path file) {
    try {
      return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** {@code max} is none. */
  private static Optional<Long> number(String text) {
    try {
      return Optional.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}

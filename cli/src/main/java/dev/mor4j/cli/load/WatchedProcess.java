package dev.mor4j.cli.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Memory and processor time of a process on this machine, as the operating system tells them. */
public final class WatchedProcess {
  private final Path status;
  private final Optional<ProcessHandle> handle;

  private WatchedProcess(Path status, Optional<ProcessHandle> handle) {
    this.status = status;
    this.handle = handle;
  }

  /** This process. */
  public static WatchedProcess self() {
    return new WatchedProcess(Path.of("/proc/self/status"), Optional.of(ProcessHandle.current()));
  }

  /** Another process of this machine. */
  public static WatchedProcess of(long pid) {
    return new WatchedProcess(
        Path.of("/proc", Long.toString(pid), "status"), ProcessHandle.of(pid));
  }

  /** Bytes that are in memory; -1 where nobody says. */
  public long residentBytes() {
    try {
      return residentBytes(Files.readAllLines(status));
    } catch (IOException e) {
      // No Linux, or the process has ended: shown as unknown.
      return -1;
    }
  }

  static long residentBytes(List<String> lines) {
    for (String line : lines) {
      if (line.startsWith("VmRSS:")) {
        String kilobytes = line.substring("VmRSS:".length()).replace("kB", "").strip();
        return Long.parseLong(kilobytes) * 1024;
      }
    }
    return -1;
  }

  /** Processor time that its threads took, in nanoseconds; -1 where nobody says. */
  long processorNanos() {
    return handle
        .flatMap(process -> process.info().totalCpuDuration())
        .map(Duration::toNanos)
        .orElse(-1L);
  }

  /** Bytes of this JVM's heap in use, with what is not yet collected. */
  static long heapBytes() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

package dev.mor4j.converter;

import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.testing.FailingAllocations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A quantizing conversion, again and again: each time one allocation off the heap, or one call of a
 * file's channel, fails, the first, the second, .. until none is left to fail. Each time it is
 * refused with the cause, nothing is left beside the destination, and the next try writes what is
 * written without a failure. A program for a JVM of its own, with source and destination as
 * arguments; writes how many failed.
 */
final class FailingConversion {
  private static final ConversionOptions INT8 =
      ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8));

  private FailingConversion() {}

  public static void main(String[] args) throws IOException {
    Path source = Path.of(args[0]);
    Path folder = Files.createDirectories(Path.of(args[1]));
    Path first = folder.resolve("first");
    CheckpointConverter.convert(source, first, INT8);
    int arenas = FailingAllocations.openArenas();
    for (int call = 1; ; call++) {
      Path destination = folder.resolve("again");
      FailingAllocations.arm(call);
      Throwable thrown = null;
      try {
        CheckpointConverter.convert(source, destination, INT8);
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        thrown = e;
      }
      String failed = FailingAllocations.failed();
      FailingAllocations.arm(0);
      if (failed == null) {
        require(thrown == null, call, "nothing was injected", thrown);
        System.out.println((call - 1) + " failures");
        return;
      }
      require(thrown != null, call, failed + " was not noticed", null);
      require(
          (thrown + " " + thrown.getCause()).contains(FailingAllocations.MESSAGE),
          call,
          "the exception does not say what failed",
          thrown);
      require(
          Checkpoints.list(folder).equals(List.of("first")),
          call,
          Checkpoints.list(folder) + " is left",
          thrown);
      require(FailingAllocations.openArenas() == arenas, call, failed + ": arenas are open", null);
      CheckpointConverter.convert(source, destination, INT8);
      require(same(first, destination), call, failed + ": the next try writes other files", null);
      remove(destination);
    }
  }

  private static boolean same(Path first, Path second) throws IOException {
    for (String file : Checkpoints.list(first)) {
      if (Files.mismatch(first.resolve(file), second.resolve(file)) != -1) {
        return false;
      }
    }
    return Checkpoints.list(first).equals(Checkpoints.list(second));
  }

  private static void remove(Path folder) throws IOException {
    for (String file : Checkpoints.list(folder)) {
      Files.delete(folder.resolve(file));
    }
    Files.delete(folder);
  }

  private static void require(boolean holds, int call, String otherwise, Throwable cause) {
    if (!holds) {
      throw new AssertionError("call " + call + ": " + otherwise, cause);
    }
  }
}

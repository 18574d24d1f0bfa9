package dev.mor4j.converter.pickle;

import dev.mor4j.testing.ProjectFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Seeds for the tests of this package, and what is done with tensors that were read. */
final class Pickles {
  private static final String ONE =
      "\u0080\2ccollections\nOrderedDict\n)R(X\1\0\0\0actorch._utils\n_rebuild_tensor_v2\n"
          + "((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\2tQ"
          + "K\0K\2\u0085K\1\u0085\u0089ccollections\nOrderedDict\n)RtRq\1u.";

  private Pickles() {}

  /** A state dict of one tensor of two numbers. */
  static byte[] one() {
    return ONE.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The pickle of a whole model. */
  static byte[] ofCheckpoint() {
    var file = ProjectFiles.root().resolve("checkpoints/mor3-books/pytorch_model.bin").toFile();
    try (ZipFile zip = new ZipFile(file)) {
      ZipEntry pickle =
          zip.stream().filter(e -> e.getName().endsWith("/data.pkl")).findFirst().orElseThrow();
      return zip.getInputStream(pickle).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An archive with {@link #one} in it. */
  static byte[] archive() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "m/data.pkl", one());
      store(zip, "m/data/0", new byte[8]);
      store(zip, "m/version", new byte[] {'3', '\n'});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] data) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(data);
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(0);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(data.length);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(data);
    zip.closeEntry();
  }

  /** Fails when an element of {@code tensor} lies outside of its storage. */
  static void touch(String name, TorchTensor tensor) {
    long last = tensor.offset();
    for (int i = 0; i < tensor.shape().size(); i++) {
      if (tensor.shape().get(i) == 0) {
        return;
      }
      last += (tensor.shape().get(i) - 1) * tensor.strides().get(i);
    }
    long size = tensor.dtype().byteSize();
    if (last < 0 || (last + 1) * size > tensor.storage().byteSize()) {
      throw new AssertionError("tensor " + name + " reaches past its storage: " + tensor);
    }
  }
}

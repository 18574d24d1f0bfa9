package dev.mor4j.bindings.library;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A library as the jar has it.
 *
 * @param fileName its name as a file
 * @param source opens its bytes
 */
record PackedLibrary(String fileName, Source source) {
  /** Opens bytes; the caller closes them. */
  @FunctionalInterface
  interface Source {
    InputStream open() throws IOException;
  }

  /** The SHA-256 of the packed bytes, in hexadecimal. */
  String sha256() throws IOException {
    try (InputStream in = source.open()) {
      return sha256(in);
    }
  }

  /** Whether the file is a regular one and has these bytes. */
  static boolean isIntact(Path file, String sha256) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return sha256(in).equals(sha256);
    }
  }

  private static String sha256(InputStream in) throws IOException {
    try (DigestInputStream digested =
        new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digested.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digested.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

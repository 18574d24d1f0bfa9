package dev.mor4j.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The committed bindings are those of the committed headers and filters; {@code
 * bindings/regenerate} makes them anew.
 */
class GeneratedCodeTest {
  @Test
  void inputsAndOutputsHaveTheirChecksums() throws IOException, NoSuchAlgorithmException {
    List<String> lines =
        Files.readAllLines(Path.of("checksums.sha256")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    assertThat(lines).hasSizeGreaterThan(3);
    for (String line : lines) {
      String[] parts = line.split(" {2}", 2);
      byte[] content = Files.readAllBytes(Path.of(parts[1]));
      String found = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      assertThat(found)
          .as("%s differs from what was generated; run bindings/regenerate", parts[1])
          .isEqualTo(parts[0]);
    }
  }
}

package dev.mor4j.bindings.cuda.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The functions that are looked up at loading are those that bindings were generated for. */
class CudaSymbolsTest {
  private static final String INCLUDE = "--include-function ";

  @Test
  void theFiltersOfTheGeneratorNameTheSame() throws IOException {
    List<String> included = new ArrayList<>();
    for (String part : List.of("cudart", "cublas", "cublaslt", "cuda")) {
      Files.readAllLines(Path.of("jextract-" + part + ".args")).stream()
          .filter(line -> line.startsWith(INCLUDE))
          .map(line -> line.substring(INCLUDE.length()))
          .forEach(included::add);
    }
    assertThat(CudaSymbols.all()).containsExactlyInAnyOrderElementsOf(included);
  }
}

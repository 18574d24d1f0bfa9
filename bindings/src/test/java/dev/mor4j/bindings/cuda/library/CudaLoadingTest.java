package dev.mor4j.bindings.cuda.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is loaded in which order, and what is told of failures; nothing is really loaded. */
class CudaLoadingTest {
  @TempDir Path root;

  private final Map<String, String> properties = new HashMap<>();
  private final List<String> loads = new ArrayList<>();
  private final Map<String, String> refused = new HashMap<>();
  private boolean emulated;
  private Optional<String> runtimeProblem = Optional.empty();
  private Optional<String> kernelsProblem = Optional.empty();

  private final CudaLoading.Checks checks =
      new CudaLoading.Checks() {
        @Override
        public boolean isEmulated() {
          return emulated;
        }

        @Override
        public Optional<String> runtimeProblem() {
          return runtimeProblem;
        }

        @Override
        public Optional<String> kernelsProblem() {
          return kernelsProblem;
        }
      };

  @BeforeEach
  void install() throws IOException {
    properties.put("mor4j.cuda.path", root.toString());
    for (String name : List.of("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "k.so")) {
      Files.writeString(root.resolve(name), "");
    }
    properties.put("mor4j.cuda.library", root.resolve("k.so").toString());
  }

  private CudaLoading loading() {
    loads.clear();
    CudaSearch search = new CudaSearch(properties::get, name -> null, root);
    return new CudaLoading(
        search,
        file -> {
          loads.add(file.getFileName().toString());
          return Optional.ofNullable(refused.get(file.getFileName().toString()));
        },
        checks);
  }

  private List<String> failures() {
    CudaLoading loading = loading();
    assertThat(loading.loadAll()).isFalse();
    return loading.tried().stream()
        .map(attempt -> attempt.toString().replace(root + "/", ""))
        .toList();
  }

  @Test
  void cublasLtBeforeCublas() {
    CudaLoading loading = loading();
    assertThat(loading.loadAll()).isTrue();
    assertThat(loading.tried()).isEmpty();
    assertThat(loading.loaded())
        .extracting(attempt -> Path.of(attempt.file()).getFileName().toString())
        .containsExactly("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "k.so");
  }

  @Test
  void kernelsThatNeedTheRuntimeAreTriedAgainAfterIt() {
    refused.put("k.so", "libcudart.so.13: cannot open shared object file");
    assertThat(failures())
        .containsExactly("k.so: named by option: libcudart.so.13: cannot open shared object file");
    assertThat(loads)
        .containsExactly("k.so", "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "k.so");
  }

  @Test
  void anEmulationNeedsNothingElse() {
    emulated = true;
    properties.put("mor4j.cuda.path", "none");
    CudaLoading loading = loading();
    assertThat(loading.loadAll()).isTrue();
    assertThat(loads).containsExactly("k.so");
    assertThat(loading.loaded()).singleElement().asString().contains("emulates CUDA");
  }

  @Test
  void whatIsMissingIsNamedWithThePlaces() throws IOException {
    Files.delete(root.resolve("libcublas.so.13"));
    Files.delete(root.resolve("libcublasLt.so.13"));
    assertThat(failures())
        .singleElement()
        .asString()
        .startsWith(
            "libcublasLt.so.13, libcublas.so.13: in none of " + root + " (mor4j.cuda.path)");
    assertThat(loads).containsExactly("k.so");
  }

  @Test
  void withoutADriverCublasIsNotLoaded() {
    runtimeProblem = Optional.of("no driver");
    assertThat(failures()).containsExactly("libcudart.so.13: no driver");
    assertThat(loads).containsExactly("k.so", "libcudart.so.13");
  }

  @Test
  void oneFileAfterAnotherIsTried() throws IOException {
    Files.writeString(root.resolve("libcublas.so.14"), "");
    refused.put("libcublas.so.13", "broken");
    CudaLoading loading = loading();
    assertThat(loading.loadAll()).isTrue();
    assertThat(loading.tried())
        .singleElement()
        .asString()
        .endsWith("libcublas.so.13: mor4j.cuda.path: broken");
  }

  @Test
  void whatIsTooOldIsNotLoaded() throws IOException {
    Files.move(root.resolve("libcudart.so.13"), root.resolve("libcudart.so.12"));
    assertThat(failures())
        .containsExactly("libcudart.so.12: mor4j.cuda.path: of CUDA 12; 13 or newer is needed");
    assertThat(loads).containsExactly("k.so");
  }

  @Test
  void kernelsOfAnotherVersionAreRefused() {
    kernelsProblem = Optional.of("has ABI version 7, expected 1");
    assertThat(failures()).containsExactly("k.so: has ABI version 7, expected 1");
  }

  @Test
  void namesOfNoFileAreToldBeforeAnythingIsLoaded() {
    properties.put("mor4j.cuda.library", root.resolve("absent.so").toString());
    assertThat(failures()).containsExactly("absent.so: named by option: no such file");
    properties.put("mor4j.cuda.library", "\0");
    assertThat(failures()).singleElement().asString().contains("named by option");
    assertThat(loads).isEmpty();
  }

  @Test
  void canBeSwitchedOff() {
    properties.put("mor4j.cuda.library", "none");
    assertThat(failures())
        .singleElement()
        .asString()
        .contains("switched off by mor4j.cuda.library");
    properties.remove("mor4j.cuda.library");
    properties.put("mor4j.cuda.path", "none");
    assertThat(failures()).singleElement().asString().contains("switched off by mor4j.cuda.path");
    assertThat(loads).isEmpty();
  }

  @Test
  void withoutANameTheKernelsAreThoseOfTheJar() {
    properties.remove("mor4j.cuda.library");
    refused.put("libmor4j_cuda.so", "refused");
    assertThat(failures())
        .singleElement()
        .asString()
        .startsWith("native/")
        .contains("libmor4j_cuda.so: ");
  }
}

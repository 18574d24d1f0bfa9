package dev.mor4j.bindings.cuda.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where CUDA is looked for, and in which order. */
class CudaSearchTest {
  @TempDir Path root;

  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> environment = new HashMap<>();

  private CudaSearch search() {
    return new CudaSearch(properties::get, environment::get, root);
  }

  private Path folder(String name) {
    try {
      return Files.createDirectories(root.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Path file(String name) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "");
  }

  private static List<Path> files(CudaSearch search) {
    return search.files("libcudart").stream().map(CudaSearch.Found::file).toList();
  }

  @Test
  void foldersComeInTheStatedOrder() {
    properties.put("mor4j.cuda.path", folder("named/a") + ":" + folder("named/b"));
    environment.put("MOR4J_CUDA_PATH", folder("variable").toString());
    environment.put("CUDA_HOME", folder("home").toString());
    environment.put("CUDA_PATH", folder("path").toString());
    properties.put("java.library.path", "/fake/jni:" + folder("variable"));
    environment.put("LD_LIBRARY_PATH", "/fake/ld::");
    folder("usr/local/cuda-13.0");
    folder("usr/local/cuda-13.10");
    folder("usr/local/cuda-13.2");
    folder("usr/lib/python3/dist-packages/nvidia/cublas/lib");
    folder("usr/local/lib/python3.12/dist-packages/nvidia/cu13/lib");
    folder("usr/local/lib/python3.12/dist-packages/nvidia/cuda_runtime/lib");
    folder("user/.local/lib/python3.11/site-packages/nvidia/cu13/lib");
    folder("venv/lib/python3.11/site-packages/nvidia/cu13/lib");
    properties.put("user.home", root.resolve("user").toString());
    properties.put("os.arch", "amd64");
    environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
    environment.put("CONDA_PREFIX", root.resolve("conda").toString());
    assertThat(search().places())
        .extracting(place -> relative(place.folder()))
        .containsExactly(
            "named/a",
            "named/b",
            "variable",
            "home/lib64",
            "path/lib64",
            "/fake/jni",
            "/fake/ld",
            "usr/local/cuda-13.10/lib64",
            "usr/local/cuda-13.2/lib64",
            "usr/local/cuda-13.0/lib64",
            "usr/lib/x86_64-linux-gnu",
            "venv/lib/python3.11/site-packages/nvidia/cu13/lib",
            "venv/lib",
            "conda/lib",
            "user/.local/lib/python3.11/site-packages/nvidia/cu13/lib",
            "usr/local/lib/python3.12/dist-packages/nvidia/cu13/lib",
            "usr/local/lib/python3.12/dist-packages/nvidia/cuda_runtime/lib",
            "usr/lib/python3/dist-packages/nvidia/cublas/lib");
    assertThat(search().places().getFirst().how()).isEqualTo("mor4j.cuda.path");
  }

  private String relative(Path folder) {
    return folder.startsWith(root) ? root.relativize(folder).toString() : folder.toString();
  }

  @Test
  void inAFolderTheFittingVersionComesFirst() throws IOException {
    Path old = file("lib/libcudart.so.12");
    Path newer = file("lib/libcudart.so.14");
    Path fitting = file("lib/libcudart.so.13.0.96");
    Path unknown = file("lib/libcudart.so");
    file("lib/libcudart_static.a");
    file("lib/libcudartother.so.13");
    Files.createSymbolicLink(root.resolve("lib/libcudart.so.13"), fitting);
    properties.put("mor4j.cuda.path", root.resolve("lib").toString());
    assertThat(files(search()))
        .containsExactly(root.resolve("lib/libcudart.so.13"), newer, unknown, old);
    assertThat(search().files("libcudart"))
        .extracting(CudaSearch.Found::isTooOld)
        .containsExactly(false, false, false, true);
  }

  @Test
  void aLinkWithoutVersionIsJudgedByItsTarget() throws IOException {
    Path old = file("lib/libcudart.so.12.4.127");
    Files.createSymbolicLink(root.resolve("lib/libcudart.so"), old);
    properties.put("mor4j.cuda.path", root.resolve("lib").toString());
    assertThat(search().files("libcudart"))
        .singleElement()
        .satisfies(found -> assertThat(found.major()).isEqualTo(12));
  }

  @Test
  void theUnversionedToolkitCountsOnce() throws IOException {
    Path file = file("usr/local/cuda-13.0/lib64/libcudart.so.13");
    Files.createSymbolicLink(root.resolve("usr/local/cuda"), root.resolve("usr/local/cuda-13.0"));
    assertThat(files(search())).containsExactly(file);
    Path other = file("usr/local/cuda-13.1/lib64/libcudart.so.13");
    assertThat(files(search())).containsExactly(other, file);
  }

  @Test
  void namesThatAreNoFoldersAreNoPlaces() {
    properties.put("mor4j.cuda.path", "::\0:");
    environment.put("CUDA_HOME", " ");
    assertThat(search().places()).extracting(CudaSearch.Place::how).containsExactly("system");
  }

  @Test
  void propertyBeforeVariable() {
    assertThat(search().isOff()).isFalse();
    environment.put("MOR4J_CUDA_PATH", "none");
    assertThat(search().isOff()).isTrue();
    properties.put("mor4j.cuda.path", "/somewhere");
    assertThat(search().isOff()).isFalse();
  }
}

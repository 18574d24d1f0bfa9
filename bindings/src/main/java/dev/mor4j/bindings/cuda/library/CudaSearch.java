package dev.mor4j.bindings.cuda.library;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where CUDA's own libraries may be, in this order: {@value CudaLibraries#PATH_PROPERTY}, {@value
 * CudaLibraries#PATH_VARIABLE}, {@code lib64} of {@code CUDA_HOME} and {@code CUDA_PATH}, the
 * loader's own folders ({@code java.library.path}, {@code LD_LIBRARY_PATH}), the toolkits in {@code
 * /usr/local} (the newest first), the system's folder, and the Python wheels of the active
 * environment, of the user and of the system. Only looks; loads nothing.
 *
 * @param property system properties, null for one that is not set
 * @param environment environment variables, likewise
 * @param root the folder that {@code /usr} is in
 */
record CudaSearch(UnaryOperator<String> property, UnaryOperator<String> environment, Path root) {
  /** A folder and why it is looked into. */
  record Place(Path folder, String how) {}

  /**
   * A library file that was found.
   *
   * @param major the version in its name, 0 where there is none
   */
  record Found(Path file, String how, int major) {
    boolean isTooOld() {
      return major != 0 && major < OLDEST_MAJOR;
    }
  }

  /** The oldest major version of CUDA whose libraries are of use. */
  static final int OLDEST_MAJOR = 13;

  private static final Pattern VERSION = Pattern.compile("\\.so\\.(\\d+)");
  private static final Pattern TOOLKIT = Pattern.compile("cuda-(\\d+)\\.(\\d+).*");
  private static final List<String> WHEEL_FOLDERS =
      List.of("nvidia/cu13/lib", "nvidia/cuda_runtime/lib", "nvidia/cublas/lib");

  /** Whether the search is switched off. */
  boolean isOff() {
    return setting(CudaLibraries.PATH_PROPERTY, CudaLibraries.PATH_VARIABLE)
        .filter("none"::equals)
        .isPresent();
  }

  /** What the property or, without one, the variable says. */
  Optional<String> setting(String name, String variable) {
    return Optional.ofNullable(property.apply(name))
        .or(() -> Optional.ofNullable(environment.apply(variable)))
        .filter(value -> !value.isBlank());
  }

  /** The folders in the order in which they are looked into, each once. */
  List<Place> places() {
    List<Place> places = new ArrayList<>();
    addList(places, property.apply(CudaLibraries.PATH_PROPERTY), CudaLibraries.PATH_PROPERTY);
    addList(places, environment.apply(CudaLibraries.PATH_VARIABLE), CudaLibraries.PATH_VARIABLE);
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      folder(environment.apply(variable))
          .ifPresent(home -> places.add(new Place(home.resolve("lib64"), variable)));
    }
    addList(places, property.apply("java.library.path"), "java.library.path");
    addList(places, environment.apply("LD_LIBRARY_PATH"), "LD_LIBRARY_PATH");
    for (Path toolkit : toolkits()) {
      places.add(new Place(toolkit.resolve("lib64"), "CUDA toolkit"));
    }
    String arch =
        String.valueOf(property.apply("os.arch")).equals("aarch64") ? "aarch64" : "x86_64";
    places.add(new Place(root.resolve("usr/lib/" + arch + "-linux-gnu"), "system"));
    addPython(places);
    Map<Path, Place> distinct = new LinkedHashMap<>();
    for (Place place : places) {
      distinct.putIfAbsent(place.folder().normalize(), place);
    }
    return List.copyOf(distinct.values());
  }

  /**
   * The files of a library, {@code libcudart} for example, in the order in which they are to be
   * tried: by place, in a place {@value #OLDEST_MAJOR} first, then newer ones, then those whose
   * name does not tell, then older ones. A link and its target count once.
   */
  List<Found> files(String library) {
    Map<Path, Found> distinct = new LinkedHashMap<>();
    for (Place place : places()) {
      List<Found> here = new ArrayList<>();
      for (Path file : list(place.folder(), library + ".so*")) {
        here.add(new Found(file, place.how(), major(file)));
      }
      here.sort(Comparator.comparingInt(CudaSearch::rank));
      for (Found found : here) {
        distinct.putIfAbsent(real(found.file()), found);
      }
    }
    return List.copyOf(distinct.values());
  }

  private static int rank(Found found) {
    if (found.major() >= OLDEST_MAJOR) {
      return found.major();
    }
    return found.major() == 0 ? Integer.MAX_VALUE - 1 : Integer.MAX_VALUE;
  }

  /** The version that the file's name tells or, of a link without one, its target's. */
  private static int major(Path file) {
    for (Path path : List.of(file, real(file))) {
      Matcher matcher = VERSION.matcher(path.getFileName().toString());
      if (matcher.find()) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    return 0;
  }

  /** {@code /usr/local/cuda}, whatever it links to, then the versions, the newest first. */
  private List<Path> toolkits() {
    Path local = root.resolve("usr/local");
    List<Path> versions = new ArrayList<>(list(local, "cuda-*"));
    versions.sort(Comparator.comparingInt(CudaSearch::toolkitVersion));
    Collections.reverse(versions);
    Path unversioned = local.resolve("cuda");
    if (Files.isDirectory(unversioned)) {
      boolean named = versions.stream().anyMatch(path -> real(path).equals(real(unversioned)));
      if (!named) {
        versions.addFirst(unversioned);
      }
    }
    return versions;
  }

  private static int toolkitVersion(Path toolkit) {
    Matcher matcher = TOOLKIT.matcher(toolkit.getFileName().toString());
    return matcher.matches()
        ? Integer.parseInt(matcher.group(1)) * 1000 + Integer.parseInt(matcher.group(2))
        : 0;
  }

  private void addPython(List<Place> places) {
    for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
      folder(environment.apply(variable))
          .ifPresent(
              prefix -> {
                addWheels(places, prefix.resolve("lib"), "Python wheel, " + variable);
                places.add(new Place(prefix.resolve("lib"), variable));
              });
    }
    folder(property.apply("user.home"))
        .ifPresent(
            home -> addWheels(places, home.resolve(".local/lib"), "Python wheel of the user"));
    for (String lib : List.of("usr/local/lib", "usr/lib")) {
      addWheels(places, root.resolve(lib), "Python wheel of the system");
    }
  }

  private static void addWheels(List<Place> places, Path lib, String how) {
    List<Path> pythons = new ArrayList<>(list(lib, "python3*"));
    Collections.reverse(pythons);
    for (Path python : pythons) {
      for (String packages : List.of("site-packages", "dist-packages")) {
        for (String wheel : WHEEL_FOLDERS) {
          Path folder = python.resolve(packages).resolve(wheel);
          if (Files.isDirectory(folder)) {
            places.add(new Place(folder, how));
          }
        }
      }
    }
  }

  private static void addList(List<Place> places, String list, String how) {
    if (list != null) {
      for (String entry : list.split(File.pathSeparator, -1)) {
        folder(entry).ifPresent(folder -> places.add(new Place(folder, how)));
      }
    }
  }

  /** The folder of that name; none for what names no folder. */
  private static Optional<Path> folder(String name) {
    try {
      return Optional.ofNullable(name)
          .filter(value -> !value.isBlank())
          .map(value -> Path.of(value).toAbsolutePath());
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** What of the folder matches, sorted; nothing where it cannot be read. */
  private static List<Path> list(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
        entries.forEach(found::add);
      } catch (IOException | DirectoryIteratorException e) {
        return List.of();
      }
    }
    Collections.sort(found);
    return found;
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file;
    }
  }
}

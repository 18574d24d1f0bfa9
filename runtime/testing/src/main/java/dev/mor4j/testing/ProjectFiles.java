package dev.mor4j.testing;

import java.nio.file.Path;

/** Files of the project that tests read. */
public final class ProjectFiles {
  /** System property that the build sets: the project's root folder. */
  public static final String PROPERTY = "mor4j.project";

  private ProjectFiles() {}

  /** The project's root folder. */
  public static Path root() {
    String named = System.getProperty(PROPERTY);
    if (named == null) {
      throw new AssertionError(
          "the system property " + PROPERTY + " is not set, expected the project's root folder");
    }
    return Path.of(named).toAbsolutePath().normalize();
  }
}

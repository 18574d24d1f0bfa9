package dev.mor4j.converter;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this module, as Maven records it in its archive. */
final class ToolVersion {
  private static final String RECORD =
      "/META-INF/maven/dev.mor4j/mor4j-weights-converter/pom.properties";

  private ToolVersion() {}

  static String current() throws IOException {
    try (InputStream record = ToolVersion.class.getResourceAsStream(RECORD)) {
      if (record == null) {
        return "development";
      }
      Properties properties = new Properties();
      properties.load(record);
      return properties.getProperty("version", "development");
    }
  }
}

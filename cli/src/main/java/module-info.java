/** The {@code mor4j} command: convert, inspect, run, score and verify models in a terminal. */
module dev.mor4j.cli {
  requires dev.mor4j.runtime;
  requires dev.mor4j.converter;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires com.fasterxml.jackson.core;
  requires java.management;
  requires jdk.management;

  // Picocli sets the fields of commands by reflection.
  opens dev.mor4j.cli to
      info.picocli;
}

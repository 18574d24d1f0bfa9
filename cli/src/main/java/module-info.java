/** The {@code mor4j} command: convert, inspect, run, serve, score and verify models. */
module dev.mor4j.cli {
  requires dev.mor4j.runtime;
  requires dev.mor4j.converter;
  requires dev.mor4j.server;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires com.fasterxml.jackson.core;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  // sun.misc.Signal: Ctrl-C stops an answer and not the conversation.
  requires jdk.unsupported;

  // Picocli sets the fields of commands by reflection.
  opens dev.mor4j.cli to
      info.picocli;
  opens dev.mor4j.cli.options to
      info.picocli;
}

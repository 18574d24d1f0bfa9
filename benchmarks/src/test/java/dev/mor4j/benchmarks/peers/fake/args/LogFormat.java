package dev.mor4j.benchmarks.peers.fake.args;

/** As the binding has it. */
public enum LogFormat {
  JSON,
  TEXT
}

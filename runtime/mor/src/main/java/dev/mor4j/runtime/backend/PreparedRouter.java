package dev.mor4j.runtime.backend;

/** A router that a backend has made ready; only the backend that made it can use it. Any thread. */
public interface PreparedRouter {}

package dev.mor4j.runtime.backend;

/**
 * A model's routing that a backend has made ready, so that it decides by itself; only the backend
 * that made it can use it. Any thread.
 */
public interface PreparedRouting {}

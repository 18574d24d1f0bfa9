package dev.mor4j.runtime.backend;

/**
 * Layers that a backend has made ready for passes; only the backend that made it can use it. Any
 * thread.
 */
public interface PreparedLayers {}

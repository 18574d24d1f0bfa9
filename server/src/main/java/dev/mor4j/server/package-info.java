/**
 * The HTTP server. {@link dev.mor4j.server.MorServer} listens, {@code Router} takes a request to
 * what answers it, {@code CompletionHandler} lets the engine generate. Every request is handled on
 * a virtual thread of its own, which may block.
 */
package dev.mor4j.server;

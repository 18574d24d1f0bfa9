package dev.mor4j.bindings.cuda.kernel;

/**
 * How a router's output becomes a gate.
 *
 * @param alpha factor of gates
 * @param function of the router's output
 * @param weighted whether gates differ from 1
 */
public record Gate(float alpha, RouterFunction function, boolean weighted) {}

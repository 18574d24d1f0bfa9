/**
 * What the scheduler and applications say to each other about requests: why a generation ended,
 * which of the requests that wait begins first, and what a pass of the shared block was like.
 */
package dev.mor4j.runtime.engine;

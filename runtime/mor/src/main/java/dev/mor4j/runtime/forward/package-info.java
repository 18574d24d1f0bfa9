/**
 * The forward pass of a Mixture-of-Recursions model: tokens enter the block, take part in
 * recursions as their router decides, and leave through the last layers ({@link
 * dev.mor4j.runtime.forward.ForwardPass}).
 */
package dev.mor4j.runtime.forward;

/** The choice of the next token by its logits. */
package dev.mor4j.runtime.sampling;

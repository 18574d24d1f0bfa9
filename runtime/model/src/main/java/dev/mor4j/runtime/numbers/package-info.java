/** Number types of weights, activations and KV caches. */
package dev.mor4j.runtime.numbers;

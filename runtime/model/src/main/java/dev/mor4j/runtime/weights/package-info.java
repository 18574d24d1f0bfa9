/**
 * The weights of a model: one read-only map of {@code model.safetensors}, owned by {@link
 * dev.mor4j.runtime.weights.ModelWeights}; everything else here is a view of it.
 */
package dev.mor4j.runtime.weights;

/**
 * The weights of a model: one read-only map of {@code model.safetensors}, or a copy, owned by
 * {@link dev.mor4j.runtime.weights.ModelWeights}, with what tells that the file has changed;
 * everything else here is a view of it.
 */
package dev.mor4j.runtime.weights;

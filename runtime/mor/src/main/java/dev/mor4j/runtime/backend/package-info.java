/**
 * The seam between what MoR decides and what computes it: {@link dev.mor4j.runtime.backend.Backend}
 * with C kernels, a GPU or plain Java behind it. Activations stay with the backend; only token ids
 * go in, router outputs, logits or chosen tokens come out.
 */
package dev.mor4j.runtime.backend;

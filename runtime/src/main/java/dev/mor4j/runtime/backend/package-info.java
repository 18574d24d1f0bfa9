/**
 * The seam between what MoR decides and what computes it: {@link dev.mor4j.runtime.backend.Backend}
 * with the C kernels ({@link dev.mor4j.runtime.backend.NativeBackend}) or plain Java ({@link
 * dev.mor4j.runtime.backend.JavaBackend}) behind it. Activations stay with the backend; only token
 * ids go in, router outputs and logits come out.
 */
package dev.mor4j.runtime.backend;

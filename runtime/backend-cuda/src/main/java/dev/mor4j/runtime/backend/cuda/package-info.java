/**
 * A backend on an NVIDIA GPU ({@link dev.mor4j.runtime.backend.cuda.CudaBackend}), and what there
 * is of CUDA on this machine ({@link dev.mor4j.runtime.backend.cuda.CudaMachine}). Weights, KV
 * pages, states and activations lie in the memory of the device. Nothing above names the bindings.
 */
package dev.mor4j.runtime.backend.cuda;

/** What a status of the CUDA runtime or of cuBLAS means, as an exception. */
package dev.mor4j.bindings.cuda.status;

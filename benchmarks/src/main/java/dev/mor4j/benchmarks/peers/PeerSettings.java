package dev.mor4j.benchmarks.peers;

import java.nio.file.Path;

/**
 * How an engine opens a model.
 *
 * @param model what it reads: a GGUF file or a folder
 * @param type of the matrices
 * @param threads that compute
 * @param flash whether attention is fused, where the engine leaves the choice
 * @param context most tokens of one sequence
 * @param sequences at a time
 */
public record PeerSettings(
    Path model, String type, int threads, boolean flash, int context, int sequences) {}

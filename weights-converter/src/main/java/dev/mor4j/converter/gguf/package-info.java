/**
 * Model folders in, GGUF files out: {@link dev.mor4j.converter.gguf.GgufExport}. For models without
 * a router, which llama.cpp and its relatives read as the architecture {@code llama}.
 */
package dev.mor4j.converter.gguf;

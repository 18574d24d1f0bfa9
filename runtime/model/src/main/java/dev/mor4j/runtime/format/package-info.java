/**
 * Model folders as the converter writes them: {@code config.json} and {@code model.safetensors}.
 * Readers hold every size and name against the configuration before anything is mapped.
 */
package dev.mor4j.runtime.format;

/** Checkpoints in, model folders out: {@link dev.mor4j.converter.CheckpointConverter}. */
package dev.mor4j.converter;

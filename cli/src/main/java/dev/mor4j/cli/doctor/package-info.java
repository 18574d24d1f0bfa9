/**
 * What {@code mor4j doctor} finds: facts about the machine, its GPUs and a model, the figures that
 * follow from them, and advice.
 */
package dev.mor4j.cli.doctor;

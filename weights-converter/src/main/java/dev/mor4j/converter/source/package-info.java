/**
 * A checkpoint folder as it was published: its settings, its tensors, and what they are called
 * here.
 */
package dev.mor4j.converter.source;

/**
 * Which token ids begin and end a text, and where generation ends: what the files of a model say
 * about that, and which of them counts.
 */
package dev.mor4j.runtime.text.bounds;

/** The added tokens of {@code tokenizer.json}: found in a text before anything else looks at it. */
package dev.mor4j.runtime.text.tokenizer.added;

/** The decoders of {@code tokenizer.json}: tokens to text, piece by piece. */
package dev.mor4j.runtime.text.tokenizer.decode;

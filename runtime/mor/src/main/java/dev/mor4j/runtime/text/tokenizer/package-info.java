/**
 * Tokenizers as the Hugging Face library writes them, {@code tokenizer.json}, or {@code vocab.json}
 * with {@code merges.txt}: added tokens, normalizer, pre-tokenizer, model, post-processor, decoder.
 */
package dev.mor4j.runtime.text.tokenizer;

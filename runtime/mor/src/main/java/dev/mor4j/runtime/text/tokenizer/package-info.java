/**
 * Tokenizers as the Hugging Face library writes them, {@code tokenizer.json}, or {@code vocab.json}
 * with {@code merges.txt}: added tokens, normalizer, pre-tokenizer, model, post-processor, decoder.
 *
 * <p>The way of a text: {@code PipelineCodec} makes UTF-8 of it and finds the added tokens. What
 * lies between them is normalized, the added tokens that are looked for in normalized texts are
 * found, and the rest goes through a chain of {@code PieceConsumer}s, each of which passes pieces
 * on to the next; the last is the model. There are no lists of pieces, so memory stays bounded, and
 * a limit ends the work where it is reached.
 *
 * <p>A byte-level vocabulary is written in letters that stand for bytes. The letters are undone
 * when the file is read, so that the model works on the text's own bytes. Where something else than
 * the model would see the letters, they are written, as the library does.
 *
 * <p>The way back is a chain of {@code DecodeStep}s, each of which passes on what is certain. There
 * is no other way of decoding: a whole text is its pieces joined.
 *
 * <p>What the library does counts, also where it is odd. Source: {@code huggingface/tokenizers},
 * version 0.21.4.
 */
package dev.mor4j.runtime.text.tokenizer;

/**
 * SentencePiece's own file, {@code tokenizer.model}: what it holds, and encoding and decoding as
 * the library does it (Kudo and Richardson, "SentencePiece", 2018). Its precompiled character maps
 * are in {@code tokenizer.json}, too.
 */
package dev.mor4j.runtime.text.sentencepiece;

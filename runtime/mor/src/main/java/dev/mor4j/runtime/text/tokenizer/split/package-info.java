/** The pre-tokenizers of {@code tokenizer.json}: where a text is cut before the model sees it. */
package dev.mor4j.runtime.text.tokenizer.split;

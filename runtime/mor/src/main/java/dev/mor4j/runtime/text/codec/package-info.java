/** What every tokenizer does, whatever file it comes from: text to token ids, token ids to text. */
package dev.mor4j.runtime.text.codec;

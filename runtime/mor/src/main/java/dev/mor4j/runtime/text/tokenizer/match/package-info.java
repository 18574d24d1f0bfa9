/** Finding texts, regular expressions and characters in UTF-8, as {@code tokenizer.json} asks. */
package dev.mor4j.runtime.text.tokenizer.match;

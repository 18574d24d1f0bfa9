/** The normalizers of {@code tokenizer.json}: what is done to a text before it is cut. */
package dev.mor4j.runtime.text.tokenizer.normal;

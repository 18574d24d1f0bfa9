/** The small parts of a tokenizer's JSON: what each component is, checked as it is asked for. */
package dev.mor4j.runtime.text.tokenizer.settings;

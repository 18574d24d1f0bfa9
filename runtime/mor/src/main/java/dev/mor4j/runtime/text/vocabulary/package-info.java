/** Vocabularies, and how a piece of text is cut into the tokens of one: BPE and its kin. */
package dev.mor4j.runtime.text.vocabulary;

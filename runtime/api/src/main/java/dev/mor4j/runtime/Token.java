package dev.mor4j.runtime;

/**
 * A generated token.
 *
 * @param id its number in the vocabulary
 * @param text the text that became certain with it: whole characters only, held back while it may
 *     be the beginning of a stop string; often one word piece, sometimes empty. Joined, the texts
 *     are the generated text
 * @param depth in how many recursions the position that predicted it took part
 * @param position its place in the session
 */
public record Token(int id, String text, int depth, int position) {}

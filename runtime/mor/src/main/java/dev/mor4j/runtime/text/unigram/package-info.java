/**
 * The model Unigram: of all ways to cut a text into pieces the one with the best sum of scores
 * (Kudo, "Subword Regularization", 2018), found by Viterbi's algorithm.
 */
package dev.mor4j.runtime.text.unigram;

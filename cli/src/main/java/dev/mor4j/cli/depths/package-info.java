/**
 * The depths of tokens, made visible: counted, coloured in a terminal, on a page, and as a strip of
 * an engine's passes.
 */
package dev.mor4j.cli.depths;

/**
 * The part of the template language Jinja that chat templates use: a lexer, a parser, a tree that
 * evaluates itself over plain values, and budgets for everything that a hostile template could
 * exhaust. Values are a closed set of types, so a template cannot reach an object of the host.
 *
 * <p>What is computed follows Jinja 3.1.6 as the Python library {@code transformers} sets it up:
 * the immutable sandbox, {@code trim_blocks}, {@code lstrip_blocks}, loop controls, its own {@code
 * tojson}, and {@code generation} blocks.
 */
package dev.mor4j.runtime.template;

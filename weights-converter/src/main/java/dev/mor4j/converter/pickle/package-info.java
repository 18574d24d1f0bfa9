/**
 * {@code pytorch_model.bin} read as data: the zip archive, and the pickle in it by an interpreter
 * that knows a few opcodes and names and runs nothing.
 */
package dev.mor4j.converter.pickle;

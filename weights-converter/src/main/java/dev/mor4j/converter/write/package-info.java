/** Which tensors are the same, and the folder that is written: whole or not at all. */
package dev.mor4j.converter.write;

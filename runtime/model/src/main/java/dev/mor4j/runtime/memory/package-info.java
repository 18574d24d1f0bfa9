/**
 * Off-heap memory with one owner for each allocation, and the accounts that count its bytes. KV
 * pages may lie in the memory of the host or of a device ({@link
 * dev.mor4j.runtime.memory.PageMemory}).
 */
package dev.mor4j.runtime.memory;

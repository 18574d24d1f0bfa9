/** The rules of the structure, and classes that break them. */
package dev.mor4j.architecture;

/**
 * Unicode as the tokenizers' library has it: classes of characters, normal forms, lowercase. Some
 * of it is older than what this platform knows.
 */
package dev.mor4j.runtime.text.unicode;

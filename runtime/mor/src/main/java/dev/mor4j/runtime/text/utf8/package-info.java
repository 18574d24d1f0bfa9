/** Text as UTF-8 in byte arrays: reading and writing characters, and GPT-2's letters for bytes. */
package dev.mor4j.runtime.text.utf8;

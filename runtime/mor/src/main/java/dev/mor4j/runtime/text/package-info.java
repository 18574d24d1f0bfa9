/** From token ids to text as it streams: whole characters, stop strings. */
package dev.mor4j.runtime.text;

/** Commands that answer each line of JSON with one: reading, checking, writing. */
package dev.mor4j.cli.lines;

/** Regular expressions of pre-tokenizers, matched in UTF-8 in linear time. */
package dev.mor4j.runtime.text.regex;

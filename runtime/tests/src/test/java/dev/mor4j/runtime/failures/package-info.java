/** What becomes of a model when memory, threads or files are refused. */
package dev.mor4j.runtime.failures;

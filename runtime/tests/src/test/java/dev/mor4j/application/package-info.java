/** Applications that tests start, with a JVM of their own. */
package dev.mor4j.application;

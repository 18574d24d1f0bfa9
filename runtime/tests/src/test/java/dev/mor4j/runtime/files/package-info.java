/** Weight files that change while models are open; what could end a JVM is tried in a child. */
package dev.mor4j.runtime.files;

/** Tests of models and engines with inner parts of other modules. */
package dev.mor4j.runtime;

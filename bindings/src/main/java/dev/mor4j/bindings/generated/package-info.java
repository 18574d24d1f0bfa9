/**
 * What jextract makes of {@code native/include/mor4j.h}; made anew by {@code bindings/regenerate},
 * never edited. Used by the facades only.
 */
package dev.mor4j.bindings.generated;

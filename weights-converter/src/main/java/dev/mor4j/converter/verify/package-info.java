/**
 * What a model computes against what the authors' code computed: {@link
 * dev.mor4j.converter.verify.Verification}.
 */
package dev.mor4j.converter.verify;

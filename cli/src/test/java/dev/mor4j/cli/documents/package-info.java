/**
 * The documents are tested: programs and commands run, links lead somewhere, names of files exist.
 * Each test reads README.md, CONTRIBUTING.md, CHANGELOG.md, SECURITY.md and docs/ as they are in
 * the working tree.
 */
package dev.mor4j.cli.documents;

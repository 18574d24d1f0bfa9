/** What the fuzz tests share: seeds, mutations of them, and what counts as a finding. */
package dev.mor4j.fuzz;

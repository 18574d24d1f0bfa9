/** What commands say of a generation, an inspection, a conversion, a score or a timeline. */
package dev.mor4j.cli.report;

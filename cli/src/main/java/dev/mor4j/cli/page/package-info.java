/** The parts that HTML pages are made of: escaped text, and plots of lines as SVG. */
package dev.mor4j.cli.page;

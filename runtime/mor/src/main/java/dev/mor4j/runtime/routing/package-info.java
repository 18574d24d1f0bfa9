/**
 * The routing rules: which tokens take part in which recursion, and with which weight, by what the
 * routers say. Section 2.2.1 of arXiv 2507.10524.
 */
package dev.mor4j.runtime.routing;

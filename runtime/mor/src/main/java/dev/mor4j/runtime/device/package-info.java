/** What goes wrong on a device that computes, as applications see it. */
package dev.mor4j.runtime.device;

/**
 * Other engines that run language models on the JVM, behind one interface: {@link
 * dev.mor4j.benchmarks.peers.PeerEngine}. Their archives are no dependencies; each is loaded from a
 * folder of its own by a class loader of its own, and called by reflection.
 */
package dev.mor4j.benchmarks.peers;

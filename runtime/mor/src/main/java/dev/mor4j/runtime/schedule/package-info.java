/**
 * Continuous depth-wise batching: {@link dev.mor4j.runtime.schedule.Scheduler} takes many {@link
 * dev.mor4j.runtime.schedule.Sequence}s through one model, a step at a time. No threads here, and
 * no clock but the one given; {@code MorEngine} is what callers see.
 *
 * <pre>
 *   WaitingQueue → running ── Block: tokens at any recursion ── Exits: tokens that wait to leave
 *                    │
 *                 KvBudget: who may take pages
 * </pre>
 */
package dev.mor4j.runtime.schedule;

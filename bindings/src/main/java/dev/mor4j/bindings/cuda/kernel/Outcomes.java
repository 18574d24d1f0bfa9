package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;

/**
 * Where a decision writes what it has decided about a row.
 *
 * @param keep uint8 [states], whether it goes on
 * @param gates float32 [states], the factor of what its recursion adds
 * @param depths int32 [states], how many recursions it takes
 */
public record Outcomes(DeviceView keep, DeviceView gates, DeviceView depths) {}

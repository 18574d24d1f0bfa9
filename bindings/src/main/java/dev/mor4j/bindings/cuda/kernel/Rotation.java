package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;

/**
 * What queries and keys are turned by: position times inverse frequency is the angle.
 *
 * @param positions int32 [states]
 * @param inverseFrequencies float32 [DH / 2]
 */
public record Rotation(DeviceView positions, DeviceView inverseFrequencies) {}

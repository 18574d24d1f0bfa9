package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;

/**
 * RMSNorm: {@code x / sqrt(mean(x²) + eps) * weight}.
 *
 * @param weight float32 [H]
 * @param eps added to the mean square
 */
public record Norm(DeviceView weight, float eps) {}

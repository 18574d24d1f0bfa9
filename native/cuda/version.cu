#include "device.cuh"

int32_t mor4j_cuda_abi_version(void) { return MOR4J_CUDA_ABI_VERSION; }

int32_t mor4j_cuda_is_emulated(void)
{
#ifdef MOR4J_EMULATED
    return 1;
#else
    return 0;
#endif
}

/* The library says which ABI it has, and its launchers refuse sizes out of range. */
#include "support.h"

static void has_this_abi() { CHECK(mor4j_cuda_abi_version() == MOR4J_CUDA_ABI_VERSION); }

int main() { return run_cases({{"has_this_abi", has_this_abi}}); }

/* The version of the ABI, and texts for its statuses. */
#include "mor4j.h"

int32_t mor4j_abi_version(void) { return MOR4J_ABI_VERSION; }

const char *mor4j_status_text(int32_t status)
{
    switch (status) {
    case MOR4J_OK: return "ok";
    case MOR4J_INVALID_ARGUMENT: return "invalid argument";
    case MOR4J_UNSUPPORTED: return "not supported by this CPU or this build";
    case MOR4J_OUT_OF_MEMORY: return "out of memory or threads";
    default: return "unknown status";
    }
}

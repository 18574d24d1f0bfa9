/*
 * CUDA's vector types, with its alignments. Included by kernels only (cuda_emulation.h); in the global namespace as in
 * CUDA.
 */
#ifndef MOR4J_EMULATED_TYPES_H
#define MOR4J_EMULATED_TYPES_H

struct uint3 {
    unsigned int x, y, z;
};

struct dim3 {
    unsigned int x, y, z;
    constexpr dim3(unsigned int x_ = 1, unsigned int y_ = 1, unsigned int z_ = 1) : x(x_), y(y_), z(z_) {}
};

#define MOR4J_VECTOR_2(name, type)          \
    struct alignas(2 * sizeof(type)) name { \
        type x, y;                          \
    };                                      \
    static inline name make_##name(type x, type y) { return {x, y}; }
#define MOR4J_VECTOR_4(name, type)          \
    struct alignas(4 * sizeof(type)) name { \
        type x, y, z, w;                    \
    };                                      \
    static inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }

MOR4J_VECTOR_2(char2, signed char)
MOR4J_VECTOR_4(char4, signed char)
MOR4J_VECTOR_2(uchar2, unsigned char)
MOR4J_VECTOR_4(uchar4, unsigned char)
MOR4J_VECTOR_2(ushort2, unsigned short)
MOR4J_VECTOR_4(ushort4, unsigned short)
MOR4J_VECTOR_2(int2, int)
MOR4J_VECTOR_4(int4, int)
MOR4J_VECTOR_2(uint2, unsigned int)
MOR4J_VECTOR_4(uint4, unsigned int)
MOR4J_VECTOR_2(float2, float)
MOR4J_VECTOR_4(float4, float)
MOR4J_VECTOR_2(double2, double)

#undef MOR4J_VECTOR_2
#undef MOR4J_VECTOR_4

#endif

// Opens the AVX-512 region. No include guard: begin and end headers bracket each translation unit's code.
#if defined(__clang__)
// A feature list and not arch=x86-64-v4: that one makes Clang split 512-bit vectors.
#pragma clang attribute push(                                                                     \
        __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512cd,avx2,fma,bmi,bmi2"))), \
            apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx512cd,avx2,fma,bmi,bmi2,prefer-vector-width=512")
#endif

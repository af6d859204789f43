// Closes what begin-avx2-inl.h or begin-avx512-inl.h opened.
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

// What the processor and the operating system together allow.
#pragma once

namespace nabla {

bool cpuHasAvx2Fma();  // AVX2, FMA, BMI1, BMI2, and the system saves YMM registers
bool cpuHasAvx512();  // cpuHasAvx2Fma, AVX-512 F, VL, DQ, BW, CD, and the system saves ZMM and mask registers

}  // namespace nabla

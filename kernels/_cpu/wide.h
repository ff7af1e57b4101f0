// Whether code for AVX-512 is compiled, and whether it is used: sixteen floats at once where the processor has them.
#pragma once

#include <atomic>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define MELLUM_WIDE 1
#define MELLUM_TARGET_WIDE __attribute__((target("avx512f,avx2,fma,f16c")))
#define MELLUM_INLINE_WIDE MELLUM_TARGET_WIDE static inline __attribute__((always_inline))
#else
#define MELLUM_WIDE 0
#endif

namespace mellum {

constexpr int WIDE = 16;

#if MELLUM_WIDE
typedef float Wide __attribute__((vector_size(64)));
#endif

// Whether the processor has sixteen floats at once, and this code uses them.
inline bool wide_possible() {
#if MELLUM_WIDE
    return __builtin_cpu_supports("avx512f") != 0;
#else
    return false;
#endif
}

// Whether they are used now. No result depends on it.
inline std::atomic<bool>& wide_wanted() {
    static std::atomic<bool> wanted{wide_possible()};
    return wanted;
}

}  // namespace mellum

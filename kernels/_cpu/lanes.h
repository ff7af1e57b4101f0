// Eight floats at once: loads, sums in one fixed order, and the exponential. Knows nothing of matrices.
//
// Every sum here adds its terms in an order that does not depend on what else is computed beside it. That is what makes
// a row's result the same bit for bit whether it is computed alone or among others.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
// No flags of the compiler are needed; whoever loads the library asks first whether the processor has these.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif
#endif

namespace mellum {

constexpr int LANES = 8;

typedef float Lanes __attribute__((vector_size(32)));
typedef int32_t Whole __attribute__((vector_size(32)));
typedef float Half __attribute__((vector_size(16)));

static inline Lanes load(const float* place) {
    Lanes value;
    std::memcpy(&value, place, sizeof value);
    return value;
}

static inline void store(float* place, Lanes value) { std::memcpy(place, &value, sizeof value); }

// A result, or a vector of them, put where it belongs, or added to what is there.
static inline void assign(float* place, float value) { *place = value; }
static inline void assign(float* place, Lanes value) { store(place, value); }
static inline void increase(float* place, float value) { *place += value; }
static inline void increase(float* place, Lanes value) { store(place, load(place) + value); }

// The same in a register: left alone, compilers read from memory again whatever is used twice.
static inline Lanes kept(Lanes value) {
#if defined(__x86_64__)
    __asm__("" : "+x"(value));
#elif defined(__aarch64__)
    // Two registers of half the size, which no constraint names.
#endif
    return value;
}

// sum + a * b, rounded once. Said here and not left to compilers, which may do it in one place and not in another.
static inline void add_product(Lanes& sum, Lanes a, Lanes b) {
#if defined(__x86_64__)
    sum = (Lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)sum);
#else
    sum += a * b;
#endif
}

static inline Lanes spread(float value) {
    return Lanes{value, value, value, value, value, value, value, value};
}

// Lane i of the result is the sum of the lanes of v[i], each added up as ((0+1)+(2+3)) + ((4+5)+(6+7)).
static inline Lanes sums(const Lanes (&v)[LANES]) {
#if defined(__AVX2__) || defined(__x86_64__)
    const __m256 a = _mm256_hadd_ps(_mm256_hadd_ps((__m256)v[0], (__m256)v[1]),
                                    _mm256_hadd_ps((__m256)v[2], (__m256)v[3]));
    const __m256 b = _mm256_hadd_ps(_mm256_hadd_ps((__m256)v[4], (__m256)v[5]),
                                    _mm256_hadd_ps((__m256)v[6], (__m256)v[7]));
    return (Lanes)_mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
#else
    Lanes result;
    for (int i = 0; i < LANES; i++)
        result[i] = ((v[i][0] + v[i][1]) + (v[i][2] + v[i][3])) + ((v[i][4] + v[i][5]) + (v[i][6] + v[i][7]));
    return result;
#endif
}

// Eight vectors turned: lane j of vector i becomes lane i of vector j.
static inline void turn(Lanes (&v)[LANES]) {
#if defined(__x86_64__)
    __m256 pairs[LANES], fours[LANES];
    for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm256_unpacklo_ps((__m256)v[i], (__m256)v[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps((__m256)v[i], (__m256)v[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int j = 0; j < 2; j++) {
            fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0x44);
            fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        v[i] = (Lanes)_mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
        v[i + 4] = (Lanes)_mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
#else
    Lanes turned[LANES];
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++) turned[j][i] = v[i][j];
    std::memcpy(v, turned, sizeof turned);
#endif
}

static inline float sum(Lanes v) {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

static inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

// e to the power of each lane, within 2 units of the last place; 0 below -87.
//
// Cody and Waite's reduction, x = n ln 2 + r with |r| <= ln 2 / 2, then the polynomial of degree 5 for (e^r - 1 - r) / r^2
// that Moshier's Cephes library uses for single precision.
static inline Lanes exponential(Lanes x) {
    const Lanes least = spread(-87.0f), most = spread(88.0f), rounding = spread(12582912.0f);
    const Lanes kept = x < least ? least : (x > most ? most : x);
    const Lanes n = (kept * 1.44269504088896341f + rounding) - rounding;
    Lanes r = kept - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    Lanes p = spread(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    const Whole exponent = (__builtin_convertvector(n, Whole) + 127) << 23;
    Lanes power;
    std::memcpy(&power, &exponent, sizeof power);
    const Lanes value = p * power;
    return x < least ? Lanes{} : value;
}

// x / (1 + e^-x), the gate of the SwiGLU.
static inline Lanes silu(Lanes x) { return x / (1.0f + exponential(-x)); }

}  // namespace mellum

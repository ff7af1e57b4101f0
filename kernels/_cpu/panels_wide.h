// Products of a panel with many rows of inputs, its sixteen outputs in one vector: for processors with AVX-512.
//
// An output is the sum over the columns in their order, as in panels.h: the same bit for bit.
#pragma once

#include <cstdint>

#include "wide.h"

namespace mellum {

constexpr int WIDE_ROWS = 8;  // rows of inputs at a time: as many as have their addresses in registers

#if MELLUM_WIDE

// The panel at `data` times X rows of inputs; `ahead`: numbers from there to what is read next.
template <int X>
MELLUM_INLINE_WIDE void panel_sums(const uint16_t* data, int columns, int ahead, const float* const* inputs,
                                   float (*sums)[WIDE]) {
    const float* x[X];
    for (int i = 0; i < X; i++) x[i] = inputs[i];
    __m512 total[X];
    for (int i = 0; i < X; i++) total[i] = _mm512_setzero_ps();
    for (int k = 0; k < columns; k++) {
        const uint16_t* place = data + k * WIDE;
        if (k % 2 == 0) __builtin_prefetch(place + ahead);
        const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place));
        const __m512 weights = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
        for (int i = 0; i < X; i++) total[i] = _mm512_fmadd_ps(weights, _mm512_set1_ps(x[i][k]), total[i]);
    }
    // Outputs i and i + 8 lie side by side in a panel.
    const __m512i order = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    for (int i = 0; i < X; i++) _mm512_storeu_ps(sums[i], _mm512_permutexvar_ps(order, total[i]));
}

// The same for `count` rows, at most WIDE_ROWS.
MELLUM_TARGET_WIDE static inline void panel_sums(const uint16_t* data, int columns, int ahead,
                                                 const float* const* inputs, int count, float (*sums)[WIDE]) {
    switch (count) {
        case 1: return panel_sums<1>(data, columns, ahead, inputs, sums);
        case 2: return panel_sums<2>(data, columns, ahead, inputs, sums);
        case 3: return panel_sums<3>(data, columns, ahead, inputs, sums);
        case 4: return panel_sums<4>(data, columns, ahead, inputs, sums);
        case 5: return panel_sums<5>(data, columns, ahead, inputs, sums);
        case 6: return panel_sums<6>(data, columns, ahead, inputs, sums);
        case 7: return panel_sums<7>(data, columns, ahead, inputs, sums);
        case 8: return panel_sums<8>(data, columns, ahead, inputs, sums);
    }
}

#endif

}  // namespace mellum

// Products with a matrix of bfloat16 numbers in panels: sixteen outputs side by side, column after column.
//
// Outputs lie in lanes, so that nothing has to be added up across them, and the memory of a panel is read in one stream.
// An output is the sum over the columns in their order, whatever else is computed beside it.
#pragma once

#include "lanes.h"
#include "panels_wide.h"

namespace mellum {

constexpr int PANEL = 2 * LANES;
constexpr int LEAST_WIDE_ROWS = 4;  // from which on a vector of sixteen has enough sums side by side

// The sixteen weights of a column. Of the pair of numbers in 32 bits the lower half belongs to output i, the upper one
// to output i + 8: each half becomes a float where it is.
static inline void weights_of(const uint16_t* place, Lanes& low, Lanes& high) {
    Whole pairs;
    std::memcpy(&pairs, place, sizeof pairs);
    const Whole lower = pairs << 16, upper = pairs & int32_t(0xffff0000);
    std::memcpy(&low, &lower, sizeof low);
    std::memcpy(&high, &upper, sizeof high);
}

// A matrix of so many outputs and columns.
struct Panels {
    const uint16_t* data;
    int rows, columns;
};

// P panels times X rows of inputs; panel 0 is that of output n.
template <int P, int X, class Inputs, class Put>
static inline void panel_tile(const Panels& m, int n, const Inputs& inputs, int from, const Put& put) {
    const float* x[X];
    for (int i = 0; i < X; i++) x[i] = inputs(from + i);
    Lanes total[P][X][2] = {};
    const int columns = m.columns;
    const int64_t step = int64_t(columns) * PANEL;
    const uint16_t* data = m.data + int64_t(n) * columns;
    // The panels that come next are asked for while these are read; behind the last nothing may be mapped.
    const int64_t ahead = n + 2 * P * PANEL > m.rows ? 0 : P * step;
    for (int k = 0; k < columns; k++) {
        if (k % 2 == 0)
            for (int p = 0; p < P; p++) __builtin_prefetch(data + p * step + k * PANEL + ahead);
        Lanes in[X];
        for (int i = 0; i < X; i++) in[i] = spread(x[i][k]);
#pragma GCC unroll 4
        for (int p = 0; p < P; p++) {
            Lanes low, high;
            weights_of(data + p * step + k * PANEL, low, high);
#pragma GCC unroll 6
            for (int i = 0; i < X; i++) {
                add_product(total[p][i][0], low, in[i]);
                add_product(total[p][i][1], high, in[i]);
            }
        }
    }
    for (int p = 0; p < P; p++)
        for (int i = 0; i < X; i++) {
            put(from + i, n + p * PANEL, total[p][i][0]);
            put(from + i, n + p * PANEL + LANES, total[p][i][1]);
        }
}

// X rows of inputs times the outputs `first` to `last`, P panels at a time.
template <int P, int X, class Inputs, class Put>
static inline void panel_rows(const Panels& m, int first, int last, const Inputs& inputs, int from, const Put& put) {
    int n = first;
    for (; n + P * PANEL <= last; n += P * PANEL) panel_tile<P, X>(m, n, inputs, from, put);
    if (P > 1)
        for (; n < last; n += PANEL) panel_tile<1, X>(m, n, inputs, from, put);
}

#if MELLUM_WIDE
// A panel times `rows` rows of inputs, at most WIDE_ROWS, its outputs in one vector. `ask`: for the panel behind it.
template <class Inputs, class Put>
static inline void panel_tile_wide(const Panels& m, int n, const Inputs& inputs, int from, int rows, bool ask,
                                   const Put& put) {
    const float* x[WIDE_ROWS];
    float sums[WIDE_ROWS][WIDE];
    for (int i = 0; i < rows; i++) x[i] = inputs(from + i);
    panel_sums(m.data + int64_t(n) * m.columns, m.columns, ask ? m.columns * PANEL : 0, x, rows, sums);
    for (int i = 0; i < rows; i++) {
        put(from + i, n, load(sums[i]));
        put(from + i, n + LANES, load(sums[i] + LANES));
    }
}
#endif

constexpr int MOST = 6;  // rows of inputs whose sums registers hold, in vectors of eight

// `rows` rows of inputs, at most MOST, times the outputs `first` to `last`.
template <class Inputs, class Put>
static inline void panel_few(const Panels& m, int first, int last, const Inputs& inputs, int from, int rows,
                             const Put& put) {
    switch (rows) {
        case 1: return panel_rows<4, 1>(m, first, last, inputs, from, put);
        case 2: return panel_rows<2, 2>(m, first, last, inputs, from, put);
        case 3: return panel_rows<2, 3>(m, first, last, inputs, from, put);
        case 4: return panel_rows<1, 4>(m, first, last, inputs, from, put);
        case 5: return panel_rows<1, 5>(m, first, last, inputs, from, put);
        case 6: return panel_rows<1, 6>(m, first, last, inputs, from, put);
    }
}

// All rows of inputs times the outputs `first` to `last`, multiples of PANEL.
template <class Inputs, class Put>
static inline void panel_product(const Panels& m, int first, int last, const Inputs& inputs, int count, const Put& put) {
#if MELLUM_WIDE
    const bool wide = count >= LEAST_WIDE_ROWS && wide_wanted();
#else
    const bool wide = false;
#endif
    if (!wide && count <= MOST) return panel_few(m, first, last, inputs, 0, count, put);
    // A panel stays in the nearest cache while all rows go by, in tiles as equal as can be: a row alone takes as long as
    // four.
    const int most = wide ? WIDE_ROWS : MOST, tiles = (count + most - 1) / most;
    for (int n = first; n < last; n += PANEL)
        for (int tile = 0; tile < tiles; tile++) {
            const int from = count * tile / tiles, rows = count * (tile + 1) / tiles - from;
#if MELLUM_WIDE
            if (wide) {
                panel_tile_wide(m, n, inputs, from, rows, tile == 0 && n + 2 * PANEL <= m.rows, put);
                continue;
            }
#endif
            panel_few(m, n, n + PANEL, inputs, from, rows, put);
        }
}

}  // namespace mellum

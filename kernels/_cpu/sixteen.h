// Products of sixteen rows of numbers, side by side in the lanes of AVX-512, with others that are read one by one.
//
// A sum has the terms and the order of those that lanes.h adds up: eight parts, of every eighth number each, and those in
// pairs. So it is the same bit for bit as where one row alone is multiplied.
#pragma once

#include <algorithm>

#include "lanes.h"
#include "wide.h"

#if MELLUM_WIDE
namespace mellum {

constexpr int EIGHT = 8;
constexpr int DEPTH = 6;  // others that are multiplied side by side: in up to four sums each, as registers hold

MELLUM_INLINE_WIDE Wide loaded(const float* place) {
    Wide value;
    __builtin_memcpy(&value, place, sizeof value);
    return value;
}

// As add_product of lanes.h.
MELLUM_INLINE_WIDE void add_product(Wide& sum, Wide a, float b) {
    sum = (Wide)_mm512_fmadd_ps((__m512)a, _mm512_set1_ps(b), (__m512)sum);
}

MELLUM_INLINE_WIDE void put_back(float* place, Wide value) { __builtin_memcpy(place, &value, sizeof value); }

// Add to `sum` the products of the numbers `first`, first + 8 and so on below `last`. `sixteen`: [.., WIDE].
template <int K>
MELLUM_INLINE_WIDE void add_part(const float* sixteen, const float* others, int64_t stride, int first, int last,
                                 Wide (&sum)[K]) {
    for (int d = first; d < last; d += LANES) {
        const Wide row = loaded(sixteen + d * WIDE);
        for (int k = 0; k < K; k++) add_product(sum[k], row, others[k * stride + d]);
    }
}

template <int K>
MELLUM_INLINE_WIDE void part_of(const float* sixteen, const float* others, int64_t stride, int count, int lane,
                                Wide (&sum)[K]) {
    for (int k = 0; k < K; k++) sum[k] = Wide{};
    add_part<K>(sixteen, others, stride, lane, count, sum);
}

template <int K>
MELLUM_INLINE_WIDE void add_to(Wide (&sum)[K], const Wide (&other)[K]) {
    for (int k = 0; k < K; k++) sum[k] += other[k];
}

// Of each of K others the products with sixteen rows, over `count` numbers, which the nearest cache should hold.
template <int K>
MELLUM_INLINE_WIDE void products(const float* sixteen, const float* others, int64_t stride, int count, Wide (&a)[K]) {
    Wide b[K], c[K], d[K];
    // In this order no more than four parts are held at a time.
    part_of<K>(sixteen, others, stride, count, 0, a);
    part_of<K>(sixteen, others, stride, count, 1, b), add_to<K>(a, b);
    part_of<K>(sixteen, others, stride, count, 2, b);
    part_of<K>(sixteen, others, stride, count, 3, c), add_to<K>(b, c), add_to<K>(a, b);
    part_of<K>(sixteen, others, stride, count, 4, b);
    part_of<K>(sixteen, others, stride, count, 5, c), add_to<K>(b, c);
    part_of<K>(sixteen, others, stride, count, 6, c);
    part_of<K>(sixteen, others, stride, count, 7, d);
    add_to<K>(c, d), add_to<K>(b, c), add_to<K>(a, b);
}

// The same of EIGHT others, over many numbers, stretch by stretch: the parts are put aside between two of them.
MELLUM_TARGET_WIDE static inline void long_products(const float* sixteen, const float* others, int64_t stride, int count,
                                                    float (*out)[WIDE]) {
    constexpr int STRETCH = 256;  // 16 KiB of the sixteen rows
    float parts[LANES][EIGHT][WIDE] = {};
    for (int from = 0; from < count; from += STRETCH) {
        const int to = std::min(count, from + STRETCH);
        for (int lane = 0; lane < LANES; lane++) {
            Wide sum[EIGHT];
            for (int k = 0; k < EIGHT; k++) sum[k] = loaded(parts[lane][k]);
            add_part<EIGHT>(sixteen, others, stride, from + lane, to, sum);
            for (int k = 0; k < EIGHT; k++) put_back(parts[lane][k], sum[k]);
        }
    }
    for (int k = 0; k < EIGHT; k++) {
        Wide sum[LANES];
        for (int lane = 0; lane < LANES; lane++) sum[lane] = loaded(parts[lane][k]);
        put_back(out[k], ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])));
    }
}

// Sixteen rows of `count` numbers, a multiple of LANES, side by side: [count, WIDE]. `row(i)` is the address of row i.
template <class Row>
static inline void side_by_side(const Row& row, int count, float* out) {
    const float* rows[WIDE];
    for (int i = 0; i < WIDE; i++) rows[i] = row(i);
    for (int d = 0; d < count; d += LANES)
        for (int half = 0; half < WIDE; half += LANES) {
            Lanes block[LANES];
            for (int i = 0; i < LANES; i++) block[i] = load(rows[half + i] + d);
            turn(block);
            for (int i = 0; i < LANES; i++) store(out + (d + i) * WIDE + half, block[i]);
        }
}

}  // namespace mellum
#endif

// Products with a weight matrix in each packed format. The layout is that of kernels/packing.py.
#pragma once

#include <algorithm>
#include <vector>

#include "lanes.h"
#include "panels.h"
#include "sixteen.h"

namespace mellum {

enum Format : int32_t { FLOAT = 0, INT8 = 1, INT4 = 2, BFLOAT16 = 3, PANELS = 4 };

// A matrix of `rows` outputs of `columns` inputs each, or the first of a stack of them.
struct Matrix {
    const void* data;
    const void* scale;
    int32_t format, rows, columns, group;

    // Columns that are stored, and that the inputs must have: what the matrix does not have is 0 there.
    int stored() const { return format == INT4 ? (columns + 127) / 128 * 128 : columns; }

    Matrix at(int index) const {  // of a stack
        const int64_t first = int64_t(index) * rows;
        Matrix one = *this;
        if (format == FLOAT) one.data = static_cast<const float*>(data) + first * columns;
        if (format == BFLOAT16 || format == PANELS)
            one.data = static_cast<const uint16_t*>(data) + first * columns;
        if (format == INT8) {
            one.data = static_cast<const int8_t*>(data) + first * columns;
            one.scale = static_cast<const float*>(scale) + first;
        }
        if (format == INT4) {
            one.data = static_cast<const uint32_t*>(data) + first * (stored() / 8);
            one.scale = static_cast<const uint16_t*>(scale) + first * (stored() / group);
        }
        return one;
    }
};

static inline float from_half(uint16_t bits) {
#if defined(__x86_64__)
    return _cvtsh_ss(bits);
#else
    __fp16 value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
#endif
}

// Room for so many floats, this thread's own.
static inline float* room_of(int count) {
    thread_local std::vector<float> room;
    if (int(room.size()) < count) room.resize(size_t(count));
    return room.data();
}

// A row of each format: eight weights at a time, of the column base + offset, the base being a multiple of STEP, and what
// the finished sum is multiplied with. STEP: columns of a step of the loop, which is written out; LINE: columns of a line of
// the processor's cache; MANY: rows of inputs from which on it pays to write the weights out as floats.
struct FloatRow {
    static constexpr int STEP = 8;
    static constexpr int LINE = 16;
    const float* weights;
    FloatRow() = default;
    static int room(const Matrix&) { return 0; }
    void ready(float*) {}
    FloatRow(const Matrix& m, int64_t row) : weights(static_cast<const float*>(m.data) + row * m.columns) {}
    Lanes at(int base, int offset) const { return load(weights + base + offset); }
    const void* where(int column) const { return weights + column; }
    float scale() const { return 1.0f; }
};

struct Bfloat16Row {
    static constexpr int MANY = 6;
    static constexpr int STEP = 8;
    static constexpr int LINE = 32;
    const uint16_t* weights;
    Bfloat16Row() = default;
    static int room(const Matrix&) { return 0; }
    void ready(float*) {}
    Bfloat16Row(const Matrix& m, int64_t row) : weights(static_cast<const uint16_t*>(m.data) + row * m.columns) {}
    const void* where(int column) const { return weights + column; }
    Lanes at(int base, int offset) const {
        const int column = base + offset;
#if defined(__x86_64__)
        const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + column));
        return (Lanes)_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(eight), 16));
#else
        Whole bits;
        for (int i = 0; i < LANES; i++) bits[i] = int32_t(uint32_t(weights[column + i]) << 16);
        Lanes value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
#endif
    }
    float scale() const { return 1.0f; }
};

struct Int8Row {
    static constexpr int MANY = 4;
    static constexpr int STEP = 8;
    static constexpr int LINE = 64;
    const int8_t* codes;
    float factor;
    Int8Row() = default;
    static int room(const Matrix&) { return 0; }
    void ready(float*) {}
    Int8Row(const Matrix& m, int64_t row)
        : codes(static_cast<const int8_t*>(m.data) + row * m.columns), factor(static_cast<const float*>(m.scale)[row]) {}
    const void* where(int column) const { return codes + column; }
    Lanes at(int base, int offset) const {
        const int column = base + offset;
#if defined(__x86_64__)
        const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + column));
        return (Lanes)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
#else
        Lanes value;
        for (int i = 0; i < LANES; i++) value[i] = codes[column + i];
        return value;
#endif
    }
    float scale() const { return factor; }
};

struct Int4Row {
    static constexpr int MANY = 2;
    static constexpr int STEP = 128;
    static constexpr int LINE = 128;
    const uint32_t* words;
    const uint16_t* factors;
    const float* scales;  // the same as floats
    int shift, groups;
    Int4Row() = default;
    Int4Row(const Matrix& m, int64_t row)
        : words(static_cast<const uint32_t*>(m.data) + row * (m.stored() / 8)),
          factors(static_cast<const uint16_t*>(m.scale) + row * (m.stored() / m.group)),
          scales(nullptr),
          shift(__builtin_ctz(unsigned(m.group))),  // groups are powers of two
          groups(m.stored() / m.group) {}
    // Made floats once: each of them is multiplied with several times.
    static int room(const Matrix& m) { return m.stored() / m.group; }
    void ready(float* place) {
        for (int i = 0; i < groups; i++) place[i] = from_half(factors[i]);
        scales = place;
    }
    const void* where(int column) const { return words + column / 8; }
    Lanes at(int base, int offset) const {
        Whole codes;
        std::memcpy(&codes, words + base / 8 + offset % 16, sizeof codes);
        codes = ((codes >> (offset / 16 * 4)) & 15) - 8;
        return __builtin_convertvector(codes, Lanes) * scales[(base + offset) >> shift];
    }
    float scale() const { return 1.0f; }
};

// W rows of the matrix times X rows of inputs: `put(x, w, sum)` is told each of the products.
template <class Row, int W, int X, class Inputs, class Put>
static inline void tile(const Matrix& m, int first, int last, const Inputs& inputs, int from, const Put& put) {
    static_assert(W * X == LANES, "a tile has as many sums as lanes");
    Row rows[W];  // a row behind the last is computed as the first, and not told
    float* const place = room_of(W * Row::room(m));
    for (int w = 0; w < W; w++) {
        rows[w] = Row(m, first + w < last ? first + w : first);
        rows[w].ready(place + w * Row::room(m));
    }
    const float* x[X];
    for (int i = 0; i < X; i++) x[i] = inputs(from + i);
    Lanes total[LANES] = {};
    const int columns = m.stored();
    // Processors foresee one long stream, not this many short ones: the next rows are asked for while these are read.
    // Behind the last row nothing may be mapped, and asking for that takes as long as finding it out.
    const int64_t ahead = first + 2 * W > m.rows ? 0 : static_cast<const char*>(Row(m, W).where(0)) -
                                                           static_cast<const char*>(Row(m, 0).where(0));
    for (int base = 0; base < columns; base += Row::STEP) {
        if (base % Row::LINE == 0)
            for (int w = 0; w < W; w++) __builtin_prefetch(static_cast<const char*>(rows[w].where(base)) + ahead);
#pragma GCC unroll 16
        for (int offset = 0; offset < Row::STEP; offset += LANES) {
            Lanes in[X];
            for (int i = 0; i < X; i++) in[i] = kept(load(x[i] + base + offset));
            for (int w = 0; w < W; w++) {
                const Lanes weight = X > 1 ? kept(rows[w].at(base, offset)) : rows[w].at(base, offset);
                for (int i = 0; i < X; i++) add_product(total[i * W + w], weight, in[i]);
            }
        }
    }
    const Lanes result = sums(total);
    for (int i = 0; i < X; i++)
        for (int w = 0; w < W && first + w < last; w++)
            put(from + i, first + w, result[i * W + w] * rows[w].scale());
}

template <class Row, class Inputs, class Put>
static inline void product_of(const Matrix& m, int first, int last, const Inputs& inputs, int count, const Put& put) {
    for (int n = first; n < last; n += LANES) {
        const int end = n + LANES < last ? n + LANES : last;
        int t = 0;
        for (; count - t >= 2; t += 2)
            for (int w = n; w < end; w += 4) tile<Row, 4, 2>(m, w, end, inputs, t, put);
        if (t < count) tile<Row, 8, 1>(m, n, end, inputs, t, put);
    }
}

// The inputs of a product in groups of sixteen, whose rows lie side by side: the first `rows` of them, all but a few.
struct Groups {
    static constexpr int LEAST = 10;  // rows for which a group that is not full pays

    const float* numbers = nullptr;
    int count = 0, rows = 0;

    template <class Inputs>
    static Groups of(const Inputs& inputs, int wanted, int columns) {
        Groups all;
#if MELLUM_WIDE
        if (!wide_wanted()) return all;
        all.count = wanted / WIDE + (wanted % WIDE >= LEAST);
        all.rows = std::min(wanted, all.count * WIDE);
        const size_t size = size_t(all.count) * WIDE * columns;
        thread_local std::vector<float> room;
        if (room.size() < size) room.resize(size);
        all.numbers = room.data();
        for (int g = 0; g < all.count; g++)
            side_by_side([&](int i) { return inputs(std::min(g * WIDE + i, wanted - 1)); }, columns,
                         room.data() + size_t(g) * WIDE * columns);
#endif
        return all;
    }
};

// Eight rows of floats times the groups; `put(t, w, sum)` as in `tile`, for `wanted` of the eight.
template <class Put>
static inline void grouped_product(const float* plain, int wanted, int columns, const Groups& groups, const Put& put) {
#if MELLUM_WIDE
    for (int g = 0; g < groups.count; g++) {
        float out[EIGHT][WIDE];
        long_products(groups.numbers + size_t(g) * WIDE * columns, plain, columns, columns, out);
        for (int i = 0; i < WIDE && g * WIDE + i < groups.rows; i++)
            for (int w = 0; w < wanted; w++) put(g * WIDE + i, w, out[w][i]);
    }
#endif
}

// The same for many rows of inputs: unpacked once for all of them. The numbers multiplied and their order are the same.
template <class Row, class Inputs, class Put>
static inline void unpacked_product(const Matrix& m, int first, int last, const Inputs& inputs, int count,
                                    const Put& put) {
    if (count < Row::MANY) return product_of<Row>(m, first, last, inputs, count, put);
    const int columns = m.stored();
    const Groups groups = Groups::of(inputs, count, columns);
    thread_local std::vector<float> plain;
    plain.resize(size_t(LANES) * size_t(columns));
    const Matrix part = {plain.data(), nullptr, FLOAT, LANES, columns, 0};
    for (int n = first; n < last; n += LANES) {
        const int end = n + LANES < last ? n + LANES : last;
        float scales[LANES];
        for (int w = 0; n + w < end; w++) {
            Row row(m, n + w);
            row.ready(room_of(Row::room(m)));
            scales[w] = row.scale();
            for (int base = 0; base < columns; base += Row::STEP)
#pragma GCC unroll 16
                for (int offset = 0; offset < Row::STEP; offset += LANES)
                    store(plain.data() + w * columns + base + offset, row.at(base, offset));
        }
        const auto scaled = [&](int t, int w, float value) { put(t, n + w, value * scales[w]); };
        grouped_product(plain.data(), end - n, columns, groups, scaled);
        product_of<FloatRow>(part, 0, end - n, [&](int t) { return inputs(groups.rows + t); }, count - groups.rows,
                             [&](int t, int w, float value) { scaled(groups.rows + t, w, value); });
    }
}

// The same of floats, which need no unpacking.
template <class Inputs, class Put>
static inline void float_product(const Matrix& m, int first, int last, const Inputs& inputs, int count, const Put& put) {
    const Groups groups = last - first < LANES ? Groups() : Groups::of(inputs, count, m.columns);
    const int whole = groups.count ? first + (last - first) / LANES * LANES : first;
    for (int n = first; n < whole; n += LANES)
        grouped_product(static_cast<const float*>(m.data) + int64_t(n) * m.columns, LANES, m.columns, groups,
                        [&](int t, int w, float value) { put(t, n + w, value); });
    product_of<FloatRow>(m, first, whole, [&](int t) { return inputs(groups.rows + t); }, count - groups.rows,
                         [&](int t, int n, float value) { put(groups.rows + t, n, value); });
    product_of<FloatRow>(m, whole, last, inputs, count, put);
}

// Rows `first` to `last` of the matrix times `count` rows of inputs. `inputs(t)` is the address of row t, with as many
// numbers as columns are stored; `put(t, n, value)` takes the results, one or, of panels, those of a vector of outputs.
// Panels are taken whole: `first` and `last` are multiples of PANEL.
template <class Inputs, class Put>
static inline void product(const Matrix& m, int first, int last, const Inputs& inputs, int count, const Put& put) {
    if (m.format == FLOAT) float_product(m, first, last, inputs, count, put);
    if (m.format == BFLOAT16) unpacked_product<Bfloat16Row>(m, first, last, inputs, count, put);
    if (m.format == PANELS)
        panel_product({static_cast<const uint16_t*>(m.data), m.rows, m.columns}, first, last, inputs, count, put);
    if (m.format == INT8) unpacked_product<Int8Row>(m, first, last, inputs, count, put);
    if (m.format == INT4) unpacked_product<Int4Row>(m, first, last, inputs, count, put);
}

}  // namespace mellum

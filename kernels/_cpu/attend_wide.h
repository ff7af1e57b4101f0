// Attention of sixteen queries of a KV head at a time, each in a lane of its own: for processors with AVX-512.
//
// Vectors of eight gain nothing by it: they have half the registers, and each number of a key takes a load of its own.
// Every sum has the terms and the order that attend.h's has, so that a row's result is the same bit for bit in both.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "lanes.h"
#include "rows.h"
#include "sixteen.h"

#if MELLUM_WIDE
namespace mellum {

constexpr int SIXTEEN_KEYS = 60;  // positions that are read together: no more than lie in the nearest cache
constexpr int SIXTEENS = 2;       // of a batch, which read each part of the cache one after the other

// Sixteen rows of queries, the last of them repeated where there are less.
struct Sixteen {
    const float* queries;  // [head_dim, WIDE], scaled by head_dim ** -0.5
    float* output[WIDE];
    int rows;                        // that are wanted
    int32_t low[WIDE], high[WIDE];   // the positions seen, the last one included
    int64_t from, to;                // those that any of them sees, `to` not included
    int64_t common_from, common_to;  // those that all of them see
    float* scores;                   // [to - from, WIDE]
    float most[WIDE], total[WIDE];
};

// Scores of K positions from s on.
template <int K>
MELLUM_INLINE_WIDE void score_some(Sixteen& of, const Strip& all, int head_dim, int64_t s) {
    Wide a[K];
    products<K>(of.queries, all.at(s), all.stride, head_dim, a);
    for (int k = 0; k < K; k++) put_back(of.scores + (s + k - of.from) * WIDE, a[k]);
    if (s < of.common_from || s + K > of.common_to)
        for (int k = 0; k < K; k++)
            for (int i = 0; i < WIDE; i++)
                if (s + k < of.low[i] || s + k > of.high[i])
                    of.scores[(s + k - of.from) * WIDE + i] = -std::numeric_limits<float>::infinity();
    Wide most = loaded(of.most);
    for (int k = 0; k < K; k++) {
        const Wide score = loaded(of.scores + (s + k - of.from) * WIDE);
        most = score > most ? score : most;
    }
    put_back(of.most, most);
}

MELLUM_TARGET_WIDE static inline void score_sixteen(Sixteen& of, const Strip& keys, int head_dim, int64_t from,
                                                    int64_t to) {
    int64_t s = std::max(from, of.from);
    to = std::min(to, of.to);
    for (; s + DEPTH <= to; s += DEPTH) score_some<DEPTH>(of, keys, head_dim, s);
    for (; s + 2 <= to; s += 2) score_some<2>(of, keys, head_dim, s);
    if (s < to) score_some<1>(of, keys, head_dim, s);
}

// From scores to what each position counts.
static inline void weigh_sixteen(Sixteen& of) {
    for (int half = 0; half < WIDE; half += LANES) {
        const Lanes most = load(of.most + half);
        Lanes total = {};
        for (int64_t i = half; i < (of.to - of.from) * WIDE; i += WIDE) {
            const Lanes weight = exponential(load(of.scores + i) - most);
            store(of.scores + i, weight);
            total += weight;
        }
        store(of.total + half, total);
    }
}

// The values' numbers from d on, N vectors of them, for four rows from `first` on.
template <int N>
MELLUM_INLINE_WIDE void gather_four(Sixteen& of, int first, const Strip& values, int d, int64_t from, int64_t to) {
    constexpr int FOUR = 4;
    Wide sum[FOUR][N];
    for (int i = 0; i < FOUR; i++)
        for (int v = 0; v < N; v++) sum[i][v] = loaded(of.output[first + i] + d + v * WIDE);
    for (int64_t s = from; s < to; s++) {
        const float *weights = of.scores + (s - of.from) * WIDE + first, *place = values.at(s) + d;
        Wide value[N];
        for (int v = 0; v < N; v++) value[v] = loaded(place + v * WIDE);
        for (int i = 0; i < FOUR; i++)
            for (int v = 0; v < N; v++) add_product(sum[i][v], value[v], weights[i]);
    }
    for (int i = 0; i < FOUR; i++)
        for (int v = 0; v < N; v++) put_back(of.output[first + i] + d + v * WIDE, sum[i][v]);
}

MELLUM_TARGET_WIDE static inline void gather_sixteen(Sixteen& of, const Strip& values, int head_dim, int64_t from,
                                                    int64_t to) {
    constexpr int N = 4;  // four rows of as many vectors: half of the registers
    from = std::max(from, of.from);
    to = std::min(to, of.to);
    for (int first = 0; first < of.rows; first += 4) {
        int d = 0;
        for (; d + N * WIDE <= head_dim; d += N * WIDE) gather_four<N>(of, first, values, d, from, to);
        for (; d < head_dim; d += WIDE) gather_four<1>(of, first, values, d, from, to);
    }
}

// Rows of one KV head from `begin` on, at most SIXTEENS of sixteen; row r is head r % group of query r / group.
static inline void attend_sixteens(const Heads& of, const Rows& all, int kv_head, int begin, int end, int64_t position,
                                   const float* queries, float* output) {
    const int group = of.heads / of.kv_heads, head_dim = of.head_dim;
    const int64_t width = int64_t(of.heads) * head_dim;
    const Strip keys = all.keys_of(of, kv_head), values = all.values_of(of, kv_head);
    thread_local std::vector<float> scores, turned, spare;
    spare.assign(size_t(head_dim), 0.0f);
    turned.resize(size_t(SIXTEENS) * WIDE * head_dim);
    Sixteen sides[SIXTEENS];
    int count = 0;
    int64_t first = std::numeric_limits<int64_t>::max(), last = 0;
    size_t room = 0;
    for (int r = begin; r < end; r += WIDE, count++) {
        Sixteen& side = sides[count];
        float* const beside = turned.data() + size_t(count) * WIDE * head_dim;
        const float* query[WIDE];
        side.queries = beside;
        side.rows = std::min(WIDE, end - r);
        side.from = std::numeric_limits<int64_t>::max();
        side.common_to = position + r / group + 1;
        side.common_from = side.to = 0;
        for (int i = 0; i < WIDE; i++) {
            const int row = std::min(r + i, end - 1), t = row / group, head = kv_head * group + row % group;
            query[i] = queries + t * width + head * head_dim;
            // A row behind the last one is computed as that, and thrown away.
            side.output[i] = i < side.rows ? output + t * width + head * head_dim : spare.data();
            side.low[i] = int32_t(seen_from(of, all, position + t));
            side.high[i] = int32_t(position + t);
            side.most[i] = -std::numeric_limits<float>::infinity();
            side.from = std::min<int64_t>(side.from, side.low[i]);
            side.common_from = std::max<int64_t>(side.common_from, side.low[i]);
            side.to = std::max<int64_t>(side.to, side.high[i] + 1);
            std::fill_n(side.output[i], head_dim, 0.0f);
        }
        side_by_side([&](int i) { return query[i]; }, head_dim, beside);
        room += size_t(side.to - side.from) * WIDE;
        first = std::min(first, side.from);
        last = std::max(last, side.to);
    }
    if (scores.size() < room) scores.resize(room);
    float* place = scores.data();
    for (int i = 0; i < count; place += (sides[i].to - sides[i].from) * WIDE, i++) sides[i].scores = place;
    for (int64_t s = first; s < last; s += SIXTEEN_KEYS)
        for (int i = 0; i < count; i++) score_sixteen(sides[i], keys, head_dim, s, s + SIXTEEN_KEYS);
    for (int i = 0; i < count; i++) weigh_sixteen(sides[i]);
    for (int64_t s = first; s < last; s += SIXTEEN_KEYS)
        for (int i = 0; i < count; i++) gather_sixteen(sides[i], values, head_dim, s, s + SIXTEEN_KEYS);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < sides[i].rows; j++)
            for (int d = 0; d < head_dim; d += LANES)
                store(sides[i].output[j] + d, load(sides[i].output[j] + d) / sides[i].total[j]);
}

}  // namespace mellum
#endif

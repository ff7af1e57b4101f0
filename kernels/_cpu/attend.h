// Causal grouped-query attention of new positions over the rows of a cache, with an optional sliding window.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "attend_wide.h"
#include "lanes.h"
#include "pool.h"
#include "rows.h"

namespace mellum {

constexpr int QUERIES = 4;   // rows of a quad: of a group's heads and, where a group is smaller, of the next positions
constexpr int KEYS = 64;     // positions that are read together, by all quads of a batch before the next ones
constexpr int BATCH = 8;     // quads of a batch
constexpr int LEAST_WIDE = 12;  // rows from which on sixteen lanes are faster, though some of them stay idle
constexpr int DEEP = 16;     // numbers of a head that are added up together

// Rows are asked for so many positions ahead where all of them are more than the nearer caches hold: the processor does
// not foresee jumps over the other heads. Where they are at hand asking costs more than it gains.
constexpr int AHEAD = 16;
constexpr int64_t FAR = 1024;
constexpr int LINE = 16;     // numbers of a line of the processor's cache

// Four queries of one KV head that see their keys together.
struct Quad {
    const float* query[QUERIES];   // scaled by head_dim ** -0.5
    float* output[QUERIES];
    int64_t low[QUERIES], high[QUERIES];  // the positions seen, the last one included
    int64_t from, to;                     // those that any of them sees, `to` not included
    float* scores;                        // [to - from, QUERIES]
    Half most, total;
};

static inline Half larger(Half a, Half b) { return a > b ? a : b; }

template <bool ASK>
static inline void score(Quad& quad, const Rows& rows, int64_t stride, int head_dim, int64_t from, int64_t to) {
    from = std::max(from, quad.from);
    to = std::min(to, quad.to);
    for (int64_t s = from; s < to; s += 2) {
        const float* one = rows.keys + (s - rows.first) * stride;
        const float* two = s + 1 < to ? one + stride : one;
        if (ASK)
            for (int d = 0; d < head_dim; d += LINE) {
                __builtin_prefetch(one + AHEAD * stride + d);
                __builtin_prefetch(one + (AHEAD + 1) * stride + d);
            }
        Lanes total[LANES] = {};
        for (int d = 0; d < head_dim; d += LANES) {
            const Lanes a = load(one + d), b = load(two + d);
            for (int i = 0; i < QUERIES; i++) {
                const Lanes q = load(quad.query[i] + d);
                add_product(total[i], q, a);
                add_product(total[QUERIES + i], q, b);
            }
        }
        Lanes both = sums(total);
        const float nothing = -std::numeric_limits<float>::infinity();
        for (int i = 0; i < QUERIES; i++) {
            if (s < quad.low[i] || s > quad.high[i]) both[i] = nothing;
            if (s + 1 < quad.low[i] || s + 1 > quad.high[i]) both[QUERIES + i] = nothing;
        }
        float* place = quad.scores + (s - quad.from) * QUERIES;
        const Half a = {both[0], both[1], both[2], both[3]}, b = {both[4], both[5], both[6], both[7]};
        std::memcpy(place, &a, sizeof a);
        quad.most = larger(quad.most, a);
        if (s + 1 < to) {
            std::memcpy(place + QUERIES, &b, sizeof b);
            quad.most = larger(quad.most, b);
        }
    }
}

// From scores to what each position counts; the buffer has room for a whole vector behind the last one.
static inline void weigh(Quad& quad) {
    const Half m = quad.most;
    const Lanes most = {m[0], m[1], m[2], m[3], m[0], m[1], m[2], m[3]};
    const int64_t count = (quad.to - quad.from) * QUERIES;
    for (int64_t i = 0; i < count; i += LANES) store(quad.scores + i, exponential(load(quad.scores + i) - most));
    quad.total = Half{};
    for (int64_t i = 0; i < count; i += QUERIES) {
        Half weight;
        std::memcpy(&weight, quad.scores + i, sizeof weight);
        quad.total += weight;
    }
}

template <bool ASK>
static inline void gather(Quad& quad, const Rows& rows, int64_t stride, int head_dim, int64_t from, int64_t to) {
    from = std::max(from, quad.from);
    to = std::min(to, quad.to);
    for (int d = 0; d < head_dim; d += DEEP) {
        Lanes a[QUERIES], b[QUERIES];
        for (int i = 0; i < QUERIES; i++) {
            a[i] = load(quad.output[i] + d);
            b[i] = load(quad.output[i] + d + LANES);
        }
        for (int64_t s = from; s < to; s++) {
            const float* value = rows.values + (s - rows.first) * stride + d;
            const float* weight = quad.scores + (s - quad.from) * QUERIES;
            if (ASK) __builtin_prefetch(value + KEYS * stride);
            const Lanes one = load(value), two = load(value + LANES);
            for (int i = 0; i < QUERIES; i++) {
                add_product(a[i], spread(weight[i]), one);
                add_product(b[i], spread(weight[i]), two);
            }
        }
        for (int i = 0; i < QUERIES; i++) {
            store(quad.output[i] + d, a[i]);
            store(quad.output[i] + d + LANES, b[i]);
        }
    }
}

// Rows of one KV head from `begin` on, at most a batch of quads; row r is head r % group of query r / group.
static inline void attend_batch(const Heads& of, const Rows& all, int kv_head, int begin, int end, int64_t position,
                                const float* queries, float* output) {
    const int group = of.heads / of.kv_heads, head_dim = of.head_dim;
    const int64_t stride = int64_t(of.kv_heads) * head_dim, width = int64_t(of.heads) * head_dim;
    const Rows rows = {all.keys + kv_head * head_dim, all.values + kv_head * head_dim, all.first};
    thread_local std::vector<float> scores, spare;
    spare.assign(size_t(head_dim), 0.0f);
    Quad quads[BATCH];
    int count = 0;
    int64_t from = std::numeric_limits<int64_t>::max(), to = 0;
    size_t room = 0;
    for (int r = begin; r < end; r += QUERIES, count++) {
        Quad& quad = quads[count];
        quad.from = std::numeric_limits<int64_t>::max();
        quad.to = 0;
        for (int i = 0; i < QUERIES; i++) {
            const int row = std::min(r + i, end - 1), t = row / group, head = kv_head * group + row % group;
            quad.query[i] = queries + t * width + head * head_dim;
            // A row behind the last one is computed as that, and thrown away.
            quad.output[i] = r + i < end ? output + t * width + head * head_dim : spare.data();
            quad.high[i] = position + t;
            quad.low[i] = seen_from(of, all, position + t);
            quad.from = std::min(quad.from, quad.low[i]);
            quad.to = std::max(quad.to, quad.high[i] + 1);
            std::fill_n(quad.output[i], head_dim, 0.0f);
        }
        quad.most = Half{} - std::numeric_limits<float>::infinity();
        room += size_t(quad.to - quad.from) * QUERIES + LANES;
        from = std::min(from, quad.from);
        to = std::max(to, quad.to);
    }
    if (scores.size() < room) scores.resize(room);
    float* place = scores.data();
    for (int i = 0; i < count; i++) {
        quads[i].scores = place;
        place += (quads[i].to - quads[i].from) * QUERIES + LANES;
    }
    const bool far = to - from > FAR;
    for (int64_t s = from; s < to; s += KEYS)
        for (int i = 0; i < count; i++)
            far && i == 0 ? score<true>(quads[i], rows, stride, head_dim, s, s + KEYS)
                          : score<false>(quads[i], rows, stride, head_dim, s, s + KEYS);
    for (int i = 0; i < count; i++) weigh(quads[i]);
    for (int64_t s = from; s < to; s += KEYS)
        for (int i = 0; i < count; i++)
            far && i == 0 ? gather<true>(quads[i], rows, stride, head_dim, s, s + KEYS)
                          : gather<false>(quads[i], rows, stride, head_dim, s, s + KEYS);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < QUERIES; j++)
            for (int d = 0; d < head_dim; d += LANES)
                store(quads[i].output[j] + d, load(quads[i].output[j] + d) / quads[i].total[j]);
}

// Output [count, heads, head_dim] of queries of the same shape, the first of which stands at `position`.
static inline void attend(const Heads& of, const Rows& rows, int64_t position, int count, const float* queries,
                          float* output) {
    const int in_group = count * (of.heads / of.kv_heads);
#if MELLUM_WIDE
    const bool wide = in_group >= LEAST_WIDE && wide_wanted();
    const int step = wide ? WIDE * SIXTEENS : QUERIES * BATCH;
#else
    const int step = QUERIES * BATCH;
#endif
    const int batches = (in_group + step - 1) / step;
    Pool::shared().run(of.kv_heads * batches, [&](int part) {
        const int kv_head = part / batches, begin = part % batches * step, end = std::min(begin + step, in_group);
#if MELLUM_WIDE
        if (wide) return attend_sixteens(of, rows, kv_head, begin, end, position, queries, output);
#endif
        attend_batch(of, rows, kv_head, begin, end, position, queries, output);
    });
}

}  // namespace mellum

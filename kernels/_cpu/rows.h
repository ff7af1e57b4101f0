// What attention reads: the rows of a cache, and which of them a query sees.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mellum {

struct Heads {
    int heads, kv_heads, head_dim, window;  // window 0: all positions are seen
};

// The rows of one KV head, of keys or of values.
struct Strip {
    const float* start;
    int64_t first, stride;

    const float* at(int64_t position) const { return start + (position - first) * stride; }
};

// The cache's rows [S, kv_heads, head_dim] of keys and values; row 0 is that of position `first`.
struct Rows {
    const float *keys, *values;
    int64_t first;

    Strip keys_of(const Heads& of, int kv_head) const { return strip(keys, of, kv_head); }
    Strip values_of(const Heads& of, int kv_head) const { return strip(values, of, kv_head); }

  private:
    Strip strip(const float* rows, const Heads& of, int kv_head) const {
        return {rows + kv_head * of.head_dim, first, int64_t(of.kv_heads) * of.head_dim};
    }
};

// The first position that a query at `position` sees.
static inline int64_t seen_from(const Heads& of, const Rows& rows, int64_t position) {
    return of.window ? std::max<int64_t>(rows.first, position - of.window + 1) : rows.first;
}

}  // namespace mellum

// A decoder layer over a few or many new positions, and a product with a matrix: what kernels/_cpu/binding.py calls.
//
// All numbers are float32 but for packed weights. Every row is computed in an order of its own, so that its result does
// not depend on how many others come with it.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "attend.h"
#include "matrix.h"

using namespace mellum;

namespace {

// One layer; the layout of this structure is repeated in binding.py.
struct Layer {
    const float *input_norm, *qk_norm, *mlp_norm, *router;  // no router: one expert, which is always taken
    Matrix qkv, output, gate_up, down;                      // the last two are stacks, one matrix for each expert
    int32_t hidden, heads, kv_heads, head_dim, inner, experts, top_k, normalise, window;
    float eps;
};

// The MTP layer with what lies around it; the layout is repeated in binding.py.
struct Draft {
    const float *embedding, *embedding_norm, *hidden_norm, *norm;
    Matrix projection;  // of an embedding and a state, one behind the other
    Layer layer;
};

// Rows of numbers that are padded to the columns of any stored matrix, with zeros behind the last number.
struct Table {
    std::vector<float> numbers;
    int64_t stride = 0;

    float* make(int count, int width) {
        stride = (width + 127) / 128 * 128;
        const size_t size = size_t(count) * size_t(stride);
        if (numbers.size() < size) numbers.resize(size);
        if (stride != width)
            for (int t = 0; t < count; t++) std::fill_n(row(t) + width, stride - width, 0.0f);
        return numbers.data();
    }
    float* row(int64_t t) { return numbers.data() + t * stride; }
};

struct Scratch {
    Table normed, projected, queries, attended, inner;
    std::vector<float> shares;
    std::vector<int> chosen, pairs, starts;
};

Scratch& scratch() {
    thread_local Scratch mine;
    return mine;
}

void normalise(const float* x, const float* weight, float* out, int width, float eps) {
    Lanes squares = {};
    for (int i = 0; i < width; i += LANES) squares += load(x + i) * load(x + i);
    const float factor = 1.0f / std::sqrt(sum(squares) / float(width) + eps);
    for (int i = 0; i < width; i += LANES) store(out + i, load(x + i) * factor * load(weight + i));
}

// The pairs (i, i + D/2) of a head turned by the angles of its position; the first half of `sine` is the negated one.
void rotate(float* head, const float* cosine, const float* sine, int width) {
    const int half = width / 2;
    for (int i = 0; i < half; i += LANES) {
        const Lanes a = load(head + i), b = load(head + half + i);
        store(head + i, a * load(cosine + i) + b * load(sine + i));
        store(head + half + i, b * load(cosine + half + i) + a * load(sine + half + i));
    }
}

float highest(const float* scores, int count) {
    Lanes most = spread(scores[0]);
    int n = 0;
    for (; n + LANES <= count; n += LANES) most = larger(load(scores + n), most);
    float found = most[0];
    for (int i = 1; i < LANES; i++) found = std::max(found, most[i]);
    for (; n < count; n++) found = std::max(found, scores[n]);
    return found;
}

// Parts of a matrix's rows that threads share: whole vectors, and not so few rows that handing them out would show.
constexpr int ROWS = 64;

template <class Inputs, class Put>
void shared_product(const Matrix& m, const Inputs& inputs, int count, const Put& put) {
    Pool::shared().run((m.rows + ROWS - 1) / ROWS, [&](int part) {
        product(m, part * ROWS, std::min(m.rows, (part + 1) * ROWS), inputs, count, put);
    });
}

// The experts of each row and their shares, [count, top_k]: the first of equal scores goes first.
void route(const Layer& of, Table& x, int count, Scratch& use) {
    use.shares.resize(size_t(count) * of.top_k);
    use.chosen.resize(size_t(count) * of.top_k);
    const Matrix router = {of.router, nullptr, FLOAT, of.experts, of.hidden, 0};
    std::vector<float> scores(size_t(of.experts) * count);
    product(router, 0, of.experts, [&](int t) { return x.row(t); }, count,
            [&](int t, int n, auto value) { assign(&scores[size_t(t) * of.experts + n], value); });
    for (int t = 0; t < count; t++) {
        float* row = scores.data() + size_t(t) * of.experts;
        const float most = *std::max_element(row, row + of.experts);
        float total = 0.0f;
        if (!of.normalise)
            for (int e = 0; e < of.experts; e++) total += std::exp(row[e] - most);
        float* shares = use.shares.data() + size_t(t) * of.top_k;
        for (int k = 0; k < of.top_k; k++) {
            const int best = int(std::max_element(row, row + of.experts) - row);
            use.chosen[size_t(t) * of.top_k + k] = best;
            shares[k] = std::exp(row[best] - most);
            if (of.normalise) total += shares[k];
            row[best] = -std::numeric_limits<float>::infinity();
        }
        for (int k = 0; k < of.top_k; k++) shares[k] /= total;
    }
}

// Sort (row, slot) pairs by expert: starts[e] to starts[e + 1] of `pairs` are those of expert e, in order of rows.
void sort_by_expert(const Layer& of, int count, Scratch& use) {
    use.starts.assign(size_t(of.experts) + 1, 0);
    const int total = count * of.top_k;
    for (int i = 0; i < total; i++) use.starts[size_t(use.chosen[i]) + 1]++;
    for (int e = 0; e < of.experts; e++) use.starts[size_t(e) + 1] += use.starts[e];
    std::vector<int> next(use.starts.begin(), use.starts.end() - 1);
    use.pairs.resize(size_t(total));
    for (int i = 0; i < total; i++) use.pairs[size_t(next[size_t(use.chosen[i])]++)] = i;
}

// Columns of the inner numbers of an expert that one thread computes.
constexpr int INNER = 32;

// Add the experts' sum of x's rows to `out` [count, hidden].
void experts(const Layer& of, Table& x, int count, float* out, Scratch& use) {
    sort_by_expert(of, count, use);
    use.inner.make(count * of.top_k, of.inner);
    const int blocks = (of.inner + INNER - 1) / INNER;
    Pool::shared().run(of.experts * blocks, [&](int part) {
        const int e = part / blocks, low = part % blocks * INNER, high = std::min(low + INNER, of.inner);
        const int* pairs = use.pairs.data() + use.starts[e];
        const int hits = use.starts[e + 1] - use.starts[e];
        if (!hits) return;
        const Matrix matrix = of.gate_up.at(e);
        const auto inputs = [&](int i) { return x.row(pairs[i] / of.top_k); };
        thread_local std::vector<float> gates;
        gates.resize(size_t(hits) * INNER);
        float* gate = gates.data();
        product(matrix, low, high, inputs, hits, [&](int i, int n, auto value) { assign(gate + i * INNER + n - low, value); });
        product(matrix, of.inner + low, of.inner + high, inputs, hits, [&](int i, int n, auto value) {
            assign(use.inner.row(pairs[i]) + n - of.inner, value);
        });
        for (int i = 0; i < hits; i++) {
            float* up = use.inner.row(pairs[i]);
            const float share = use.shares[size_t(pairs[i])];
            for (int n = low; n < high; n += LANES)
                store(up + n, silu(load(gate + i * INNER + n - low)) * load(up + n) * share);
        }
    });
    Pool::shared().run((of.hidden + ROWS - 1) / ROWS, [&](int part) {
        const int low = part * ROWS, high = std::min(of.hidden, low + ROWS);
        for (int e = 0; e < of.experts; e++) {  // always in this order: a row's sum does not depend on the others
            const int* pairs = use.pairs.data() + use.starts[e];
            const int hits = use.starts[e + 1] - use.starts[e];
            if (!hits) continue;
            product(of.down.at(e), low, high, [&](int i) { return use.inner.row(pairs[i]); }, hits,
                    [&](int i, int n, auto value) { increase(out + int64_t(pairs[i] / of.top_k) * of.hidden + n, value); });
        }
    });
}

}  // namespace

extern "C" {

// Raised with every change of what these functions take: an old library is not called.
int32_t mellum_version() { return 9; }

// Threads of passes over one row and over several.
void mellum_threads(int32_t few, int32_t many) { Pool::resize(few, many); }

// Compute with so many floats at once where that is wished and the processor has them, else with eight; how many it is now.
// No result depends on it.
int32_t mellum_lanes(int32_t wished) {
    wide_wanted() = wished >= WIDE && wide_possible();
    return wide_wanted() ? WIDE : LANES;
}

// For tests: whether each of `count` operations, which took so long and waited so long if so, is allowed all threads.
void mellum_waits(const int64_t* waited, const int64_t* took, int32_t count, int8_t* allowed) {
    Waits fresh;
    for (int i = 0; i < count; i++) {
        allowed[i] = fresh.allow();
        if (allowed[i]) fresh.note(waited[i], took[i]);
    }
}

// out [count, rows] = x [count, columns] times the matrix; every row is the same whatever `count` is.
void mellum_linear(const Matrix* matrix, const float* x, int32_t count, float* out) {
    const Pool::Work work(count);
    const Matrix& m = *matrix;
    Table& padded = scratch().normed;
    padded.make(count, m.columns);
    for (int t = 0; t < count; t++) std::copy_n(x + int64_t(t) * m.columns, m.columns, padded.row(t));
    shared_product(m, [&](int t) { return padded.row(t); }, count,
                   [&](int t, int n, auto value) { assign(out + int64_t(t) * m.rows + n, value); });
}

// Of the scores [rows], x [columns] times the matrix: the place of the largest, the first of equal ones, and its share in
// the sum of e to the power of all of them.
void mellum_likeliest(const Matrix* matrix, const float* x, int32_t* place, float* share) {
    const int rows = matrix->rows;
    thread_local std::vector<float> scores;
    scores.resize(size_t(rows));
    mellum_linear(matrix, x, 1, scores.data());
    const auto best = std::max_element(scores.begin(), scores.end());
    Lanes total = {};
    int n = 0;
    for (; n + LANES <= rows; n += LANES) total += exponential(load(scores.data() + n) - *best);
    float rest = sum(total);
    for (; n < rows; n++) rest += std::exp(scores[size_t(n)] - *best);
    *place = int32_t(best - scores.begin());
    *share = 1.0f / rest;
}

// Of each row of x [count, columns] the place of the largest of its scores, as above.
void mellum_highest(const Matrix* matrix, const float* x, int32_t count, int64_t* places) {
    const int rows = matrix->rows;
    thread_local std::vector<float> scores;
    scores.resize(size_t(count) * size_t(rows));
    mellum_linear(matrix, x, count, scores.data());
    for (int t = 0; t < count; t++) {
        const float* row = scores.data() + int64_t(t) * rows;
        places[t] = std::find(row, row + rows, highest(row, rows)) - row;
    }
}

// out [count, width] = x / sqrt(mean of its squares + eps) * weight [width], row by row.
void mellum_norm(const float* x, const float* weight, int32_t count, int32_t width, float eps, float* out) {
    for (int64_t t = 0; t < count; t++) normalise(x + t * width, weight, out + t * width, width, eps);
}

// x [count, hidden] becomes the layer's output, of its last `last` rows alone. Keys and values of all rows are written
// to the cache: `keys` and `values` are the addresses of its rows [.., kv_heads, head_dim], of which the first is that of
// position `first`, and the first new row has the position `position`. cosine and sine [count, head_dim].
void mellum_layer(const Layer* layer, float* x, int32_t count, int32_t last, const float* cosine, const float* sine,
                  float* keys, float* values, int64_t first, int64_t position) {
    const Pool::Work work(count);
    const Layer& of = *layer;
    Scratch& use = scratch();
    const int head_dim = of.head_dim, normed_heads = of.heads + of.kv_heads, skipped = count - last;
    const int64_t key_width = int64_t(of.kv_heads) * head_dim, query_width = int64_t(of.heads) * head_dim;
    use.normed.make(count, of.hidden);
    for (int t = 0; t < count; t++)
        normalise(x + int64_t(t) * of.hidden, of.input_norm, use.normed.row(t), of.hidden, of.eps);
    use.projected.make(count, of.qkv.rows);
    shared_product(of.qkv, [&](int t) { return use.normed.row(t); }, count,
                   [&](int t, int n, auto value) { assign(use.projected.row(t) + n, value); });
    use.queries.numbers.resize(size_t(count) * size_t(query_width));
    const Lanes scale = spread(1.0f / std::sqrt(float(head_dim)));
    for (int t = 0; t < count; t++) {
        float* row = use.projected.row(t);
        for (int h = 0; h < normed_heads; h++) {
            float* head = row + h * head_dim;
            normalise(head, of.qk_norm + h * head_dim, head, head_dim, of.eps);
            rotate(head, cosine + int64_t(t) * head_dim, sine + int64_t(t) * head_dim, head_dim);
        }
        float* query = use.queries.numbers.data() + t * query_width;
        for (int i = 0; i < query_width; i += LANES) store(query + i, load(row + i) * scale);
        const int64_t place = (position + t - first) * key_width;
        std::copy_n(row + query_width, key_width, keys + place);
        std::copy_n(row + query_width + key_width, key_width, values + place);
    }
    std::vector<float>& seen = use.attended.numbers;
    if (seen.size() < size_t(last) * size_t(query_width)) seen.resize(size_t(last) * size_t(query_width));
    attend({of.heads, of.kv_heads, head_dim, of.window}, {keys, values, first}, position + skipped, last,
           use.queries.numbers.data() + skipped * query_width, seen.data());
    float* rest = x + int64_t(skipped) * of.hidden;
    Table& wide = use.projected;  // of no more use as what it was
    wide.make(last, int(query_width));
    for (int t = 0; t < last; t++) std::copy_n(seen.data() + t * query_width, query_width, wide.row(t));
    shared_product(of.output, [&](int t) { return wide.row(t); }, last,
                   [&](int t, int n, auto value) { increase(rest + int64_t(t) * of.hidden + n, value); });
    use.normed.make(last, of.hidden);
    for (int t = 0; t < last; t++)
        normalise(rest + int64_t(t) * of.hidden, of.mlp_norm, use.normed.row(t), of.hidden, of.eps);
    if (of.router) {
        route(of, use.normed, last, use);
    } else {
        use.shares.assign(size_t(last), 1.0f);
        use.chosen.assign(size_t(last), 0);
    }
    experts(of, use.normed, last, rest, use);
}

// One token drafted behind `count` entries: row t of `hidden` [count, hidden] is the state of a position, and ids[t]
// the token behind it: `state` [hidden], the layer's own for the last one, the row of `head` whose score for it is the
// largest, and its share. Other arguments as in mellum_layer.
void mellum_guess(const Draft* draft, const Matrix* head, const float* hidden, const int64_t* ids, int32_t count,
                  const float* cosine, const float* sine, float* keys, float* values, int64_t first, int64_t position,
                  float* state, int32_t* place, float* share) {
    // A pass over several rows comes next, whose threads it may take.
    const Pool::Work work(std::max(count, Pool::SEVERAL));
    const int width = draft->layer.hidden;
    const float eps = draft->layer.eps;
    thread_local std::vector<float> joined, x;
    joined.resize(size_t(count) * 2 * size_t(width));
    x.resize(size_t(count) * size_t(width));
    for (int64_t t = 0; t < count; t++) {
        float* row = joined.data() + t * 2 * width;
        normalise(draft->embedding + ids[t] * width, draft->embedding_norm, row, width, eps);
        normalise(hidden + t * width, draft->hidden_norm, row + width, width, eps);
    }
    mellum_linear(&draft->projection, joined.data(), count, x.data());
    mellum_layer(&draft->layer, x.data(), count, 1, cosine, sine, keys, values, first, position);
    normalise(x.data() + int64_t(count - 1) * width, draft->norm, state, width, eps);
    mellum_likeliest(head, state, place, share);
}
}
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif

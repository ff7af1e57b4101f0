// logits MODEL OUT < ids        float32 logits of every position into OUT, in the processor's order of bytes
// logits MODEL --tokens TEXTS   the ids of each text on a line; texts are apart by a zero byte
// Built against llama.cpp's libllama; measure_gguf.py and measure_gguf_words.py compare with what it says.
#include "llama.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

static void only_warnings(ggml_log_level level, const char * text, void *) {
    if (level == GGML_LOG_LEVEL_WARN || level == GGML_LOG_LEVEL_ERROR) {
        fputs(text, stderr);
    }
}

static int print_tokens(const llama_vocab * vocab, const char * path) {
    std::string texts;
    FILE * file = fopen(path, "rb");
    if (!file) {
        return 1;
    }
    char buffer[65536];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) {
        texts.append(buffer, n);
    }
    fclose(file);
    for (size_t at = 0; at <= texts.size();) {
        size_t end = texts.find('\0', at);
        end        = end == std::string::npos ? texts.size() : end;
        std::vector<llama_token> ids(end - at + 8);
        const int n = llama_tokenize(vocab, texts.data() + at, int(end - at), ids.data(), int(ids.size()), false, false);
        for (int i = 0; i < n; i++) {
            printf(i ? " %d" : "%d", ids[i]);
        }
        printf("\n");
        at = end + 1;
    }
    return 0;
}

static int write_logits(llama_model * model, const char * out) {
    std::vector<llama_token> ids;
    for (int id; scanf("%d", &id) == 1;) {
        ids.push_back(id);
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx                = ids.size() + 64;
    params.n_batch              = ids.size();
    params.n_threads = params.n_threads_batch = 1;
    params.type_k = params.type_v = GGML_TYPE_F32;
    params.flash_attn_type        = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    llama_context * context       = llama_init_from_model(model, params);
    if (!context) {
        return 1;
    }
    llama_batch batch = llama_batch_init(ids.size(), 0, 1);
    for (size_t i = 0; i < ids.size(); i++) {
        batch.token[i]     = ids[i];
        batch.pos[i]       = i;
        batch.n_seq_id[i]  = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i]    = 1;
    }
    batch.n_tokens = ids.size();
    FILE * file    = fopen(out, "wb");
    if (!file || llama_decode(context, batch)) {
        return 1;
    }
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    for (size_t i = 0; i < ids.size(); i++) {
        fwrite(llama_get_logits_ith(context, i), sizeof(float), vocabulary, file);
    }
    return fclose(file);
}

int main(int argc, char ** argv) {
    if (argc < 3) {
        fputs("logits MODEL OUT < ids | logits MODEL --tokens TEXTS\n", stderr);
        return 2;
    }
    llama_log_set(only_warnings, nullptr);
    llama_backend_init();
    const bool tokens         = argc > 3 && !strcmp(argv[2], "--tokens");
    llama_model_params params = llama_model_default_params();
    params.vocab_only         = tokens;
    llama_model * model       = llama_model_load_from_file(argv[1], params);
    if (!model) {
        return 1;
    }
    return tokens ? print_tokens(llama_model_get_vocab(model), argv[3]) : write_logits(model, argv[2]);
}

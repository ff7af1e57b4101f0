"""Writes a model directory as one GGUF file, with the keys, names and types of llama.cpp's converter.

After conversion/base.py and conversion/mellum.py of llama.cpp, in the release that its tools are compared with.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy
import torch
from gguf.constants import GGMLQuantizationType, RopeScalingType, TokenType

from mellum_ls.runtime.checkpoint import Checkpoint
from mellum_ls.runtime.config import ModelConfig

ARCHITECTURE = "mellum"
Change = Callable[[gguf.GGUFWriter], None]


def write_gguf(
    model_dir: Path, file: Path, type: str = "BF16", *, change: Change | None = None, **options: Any
) -> Path:
    """Write the model of a directory; `type` is that of its matrices. `change` may add or alter before it is written.

    `options` go to the writer, such as `split_max_tensors`.
    """
    raw = json.loads((model_dir / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(file, ARCHITECTURE, **options)
    add_facts(writer, raw)
    add_vocabulary(writer, model_dir, raw["vocab_size"])
    add_tensors(writer, model_dir, raw, GGMLQuantizationType[type])
    if change is not None:
        change(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def add_facts(writer: gguf.GGUFWriter, raw: dict[str, Any]) -> None:
    """config.json."""
    writer.add_block_count(raw["num_hidden_layers"])
    writer.add_context_length(raw["max_position_embeddings"])
    writer.add_embedding_length(raw["hidden_size"])
    writer.add_feed_forward_length(raw["intermediate_size"])
    writer.add_head_count(raw["num_attention_heads"])
    writer.add_head_count_kv(raw["num_key_value_heads"])
    full, sliding = (raw["rope_parameters"][kind] for kind in ("full_attention", "sliding_attention"))
    if full["rope_type"] == "yarn":
        writer.add_rope_scaling_type(RopeScalingType.YARN)
        writer.add_rope_scaling_factor(full["factor"])
        writer.add_rope_scaling_orig_ctx_len(full["original_max_position_embeddings"])
        for key, add in (
            ("attention_factor", writer.add_rope_scaling_yarn_attn_factor),
            ("beta_fast", writer.add_rope_scaling_yarn_beta_fast),
            ("beta_slow", writer.add_rope_scaling_yarn_beta_slow),
        ):
            if key in full:
                add(full[key])
    writer.add_rope_freq_base(full["rope_theta"])
    writer.add_rope_freq_base_swa(sliding["rope_theta"])
    writer.add_layer_norm_rms_eps(raw["rms_norm_eps"])
    writer.add_expert_count(raw["num_experts"])
    writer.add_expert_used_count(raw["num_experts_per_tok"])
    writer.add_key_length(raw["head_dim"])
    writer.add_value_length(raw["head_dim"])
    writer.add_expert_feed_forward_length(raw["moe_intermediate_size"])
    writer.add_sliding_window(raw["sliding_window"])
    writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in raw["layer_types"]])


def add_vocabulary(writer: gguf.GGUFWriter, model_dir: Path, size: int) -> None:
    """tokenizer.json and tokenizer_config.json; rows of the weights without a token are [PAD…]."""
    raw = json.loads((model_dir / "tokenizer.json").read_text(encoding="utf-8"))
    words = {number: word for word, number in raw["model"]["vocab"].items()}
    added = {token["id"]: token for token in raw["added_tokens"]}
    tokens, kinds = [], []
    for number in range(size):
        if number in added:
            tokens.append(added[number]["content"])
            kinds.append(TokenType.CONTROL if added[number]["special"] else TokenType.USER_DEFINED)
        else:
            tokens.append(words.get(number, f"[PAD{number}]"))
            kinds.append(TokenType.NORMAL if number in words else TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("mellum2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    special = gguf.SpecialVocab(model_dir, load_merges=True)
    special.add_to_gguf(writer, quiet=True)


def add_tensors(writer: gguf.GGUFWriter, model_dir: Path, raw: dict[str, Any], type: GGMLQuantizationType) -> None:
    """The weights: matrices as `type`, where their rows are long enough, else as F16; norms and routers as F32."""
    checkpoint, config = Checkpoint.open(model_dir), ModelConfig.from_dict(raw)

    def numbers(name: str) -> numpy.ndarray[Any, Any]:
        ((_, tensor),) = checkpoint.read([name])
        return tensor.to(torch.float32).numpy()

    def add(name: str, values: numpy.ndarray[Any, Any]) -> None:
        kind = type
        if values.ndim == 1 or name.endswith(("_norm.weight", "ffn_gate_inp.weight")):
            kind = GGMLQuantizationType.F32
        elif values.shape[-1] % gguf.GGML_QUANT_SIZES[kind][0]:
            kind = GGMLQuantizationType.F16
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", numbers("model.embed_tokens.weight"))
    for index in range(config.num_hidden_layers):
        ours, theirs = f"model.layers.{index}.", f"blk.{index}."
        for their, our in (
            ("attn_norm", "input_layernorm"),
            ("attn_q", "self_attn.q_proj"),
            ("attn_k", "self_attn.k_proj"),
            ("attn_v", "self_attn.v_proj"),
            ("attn_output", "self_attn.o_proj"),
            ("attn_q_norm", "self_attn.q_norm"),
            ("attn_k_norm", "self_attn.k_norm"),
            ("ffn_norm", "post_attention_layernorm"),
            ("ffn_gate_inp", "mlp.gate"),
        ):
            add(f"{theirs}{their}.weight", numbers(f"{ours}{our}.weight"))
        for kind in ("down", "gate", "up"):
            names = [f"{ours}mlp.experts.{expert}.{kind}_proj.weight" for expert in range(config.num_experts)]
            add(f"{theirs}ffn_{kind}_exps.weight", numpy.stack([numbers(name) for name in names]))
    add("output_norm.weight", numbers("model.norm.weight"))
    add("output.weight", numbers("lm_head.weight"))

"""Builds small random checkpoints in the Hugging Face layout, and holds the facts of the released model."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers
import torch
from safetensors.torch import save_file
from tokenizers import decoders, models, pre_tokenizers, trainers

from mellum_ls.runtime.config import ModelConfig
from mellum_ls.runtime.weights import expected_tensors

# config.json of Mellum2.1-12B-A2.5B-Thinking, as released.
RELEASED: dict[str, Any] = {
    "architectures": ["MellumForCausalLM"],
    "model_type": "mellum",
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 0,
    "eos_token_id": 28,
    "dtype": "bfloat16",
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 2304,
    "initializer_range": 0.02,
    "intermediate_size": 7168,
    "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"] * 7,
    "max_position_embeddings": 131072,
    "max_window_layers": 0,
    "mlp_layer_types": ["sparse"] * 28,
    "moe_intermediate_size": 896,
    "norm_topk_prob": True,
    "num_attention_heads": 32,
    "num_experts": 64,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "output_router_logits": False,
    "rms_norm_eps": 1e-06,
    "rope_parameters": {
        "full_attention": {
            "rope_type": "yarn",
            "rope_theta": 500000,
            "factor": 16.0,
            "original_max_position_embeddings": 8192,
            "beta_fast": 32.0,
            "beta_slow": 1.0,
            "attention_factor": 1.2772588722239782,
        },
        "sliding_attention": {"rope_type": "default", "rope_theta": 500000},
    },
    "router_aux_loss_coef": 0.001,
    "sliding_window": 1024,
    "tie_word_embeddings": False,
    "use_cache": True,
    "use_sliding_window": True,
    "vocab_size": 98304,
}
RELEASED_TENSORS = 5_631
RELEASED_PARAMETERS = 12_149_923_072

# Mellum2's added tokens, ids 0 to 34; those in ORDINARY are not marked special in its tokenizer.json.
ADDED_TOKENS = [
    "<|endoftext|>",
    "<assistant>",
    "</assistant>",
    "<commit_before>",
    "<commit_after>",
    "<commit_msg>",
    "<empty_output>",
    "<filename>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<fim_pad>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_start>",
    "<jupyter_output>",
    "<reponame>",
    "<system>",
    "</system>",
    "<think>",
    "</think>",
    "<user>",
    "</user>",
    "<|im_start|>",
    "<|im_end|>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<|extra_token_7|>",
    "<|extra_token_8|>",
]
ORDINARY = {"<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"}
VOCAB = 400

CORPUS = [
    "def add(left: int, right: int) -> int:\n    return left+right\n\n\nclass Stack:\n    def push(self):\n",
    "for index in range(10):\n    if index % 2 == 0:\n        print(index)\n    else:\n        continue\n",
    "import os\nfrom pathlib import Path\n\nROOT = Path(__file__).parent  # größer → 日本語 🙂\n",
]


def small_config(**changes: Any) -> dict[str, Any]:
    """A small config.json with the released pattern: three sliding layers, one full, YaRN."""
    raw: dict[str, Any] = {
        **RELEASED,
        "vocab_size": VOCAB,
        "hidden_size": 32,
        "intermediate_size": 48,
        "moe_intermediate_size": 24,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "num_experts": 8,
        "num_experts_per_tok": 2,
        "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"],
        "mlp_layer_types": ["sparse"] * 4,
        "sliding_window": 16,
        "max_position_embeddings": 512,
        "rope_parameters": {
            "full_attention": {
                "rope_type": "yarn",
                "rope_theta": 500000,
                "factor": 4.0,
                "original_max_position_embeddings": 128,
                "attention_factor": 0.1 * math.log(4.0) + 1.0,
            },
            "sliding_attention": {"rope_type": "default", "rope_theta": 500000},
        },
    }
    return {**raw, **changes}


def random_tensors(config: ModelConfig, *, mtp: bool = False, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights of all tensors, scaled so that routing and attention are far from uniform."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in expected_tensors(config, mtp=mtp).items():
        values = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            tensors[name] = 1 + 0.2 * values
        else:
            tensors[name] = values * (1.0 if "embed_tokens" in name else 1.5 / math.sqrt(shape[-1]))
    return tensors


def write_checkpoint(
    directory: Path,
    raw: dict[str, Any] | None = None,
    *,
    mtp: bool = False,
    shards: int = 1,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write config.json, generation_config.json, tokenizer.json and random weights; return the directory."""
    raw = small_config() if raw is None else raw
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    (directory / "generation_config.json").write_text(json.dumps({"bos_token_id": 0, "eos_token_id": 28}))
    (directory / "tokenizer.json").write_text(tokenizer_json(), encoding="utf-8")
    tensors = random_tensors(ModelConfig.from_dict(raw), mtp=mtp, seed=seed)
    write_weights(directory, {name: tensor.to(dtype) for name, tensor in tensors.items()}, shards=shards)
    return directory


def write_weights(directory: Path, tensors: dict[str, torch.Tensor], *, shards: int = 1) -> None:
    """Write one model.safetensors, or several shards with their index."""
    if shards == 1:
        save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
        return
    names = list(tensors)
    weight_map = {name: f"model-{1 + i % shards:05d}-of-{shards:05d}.safetensors" for i, name in enumerate(names)}
    for file in sorted(set(weight_map.values())):
        part = {name: tensors[name] for name in names if weight_map[name] == file}
        save_file(part, directory / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": weight_map}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


@cache
def tokenizer_json() -> str:
    """A tokenizer.json of VOCAB ids with Mellum2's added tokens and pre-tokenizer, trained on a few lines."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        special_tokens=ADDED_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    raw = json.loads(tokenizer.to_str())
    for token in raw["added_tokens"]:
        token["special"] = token["content"] not in ORDINARY
    return json.dumps(raw, ensure_ascii=False)

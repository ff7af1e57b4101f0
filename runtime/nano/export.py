"""Writes a trained network as a released-format checkpoint: per-expert tensor names, config.json, tokenizer, hashes."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from mellum_ls.runtime.nano.network import Block, Network
from mellum_ls.runtime.nano.shape import nano_config


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def released_names(network: Network) -> dict[str, Tensor]:
    """The network's parameters under the released checkpoint's names, shapes and orientation."""
    tensors: dict[str, Tensor] = {
        "model.embed_tokens.weight": network.embedding,
        "model.norm.weight": network.norm,
        "lm_head.weight": network.head,
        "mtp.fc.weight": network.mtp_fc,
        "mtp.pre_fc_norm_embedding.weight": network.mtp_norm_embedding,
        "mtp.pre_fc_norm_hidden.weight": network.mtp_norm_hidden,
        "mtp.norm.weight": network.mtp_norm,
    }
    for index, block in enumerate(network.decoder_blocks):
        tensors |= _block_names(f"model.layers.{index}", block)
    tensors |= _block_names("mtp.layers.0", network.mtp_block)
    return {name: tensor.detach() for name, tensor in tensors.items()}


def _block_names(prefix: str, block: Block) -> dict[str, Tensor]:
    names = {
        f"{prefix}.input_layernorm.weight": block.input_norm,
        f"{prefix}.post_attention_layernorm.weight": block.post_norm,
        f"{prefix}.self_attn.q_norm.weight": block.q_norm,
        f"{prefix}.self_attn.k_norm.weight": block.k_norm,
        f"{prefix}.mlp.gate.weight": block.router,
    }
    for letter in "qkvo":
        names[f"{prefix}.self_attn.{letter}_proj.weight"] = getattr(block, letter)
    result: dict[str, Tensor] = dict(names)
    for expert in range(block.gate.shape[0]):
        result[f"{prefix}.mlp.experts.{expert}.gate_proj.weight"] = block.gate[expert]
        result[f"{prefix}.mlp.experts.{expert}.up_proj.weight"] = block.up[expert]
        result[f"{prefix}.mlp.experts.{expert}.down_proj.weight"] = block.down[expert].mT
    return result


def export(network: Network, tokenizer: Path, out: Path) -> None:
    """Write a complete model directory (bf16 weights). Shapes in config.json come from the network's own config."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    c = network.config
    config = nano_config(
        sha256(out / "tokenizer.json"),
        layers=c.num_hidden_layers,
        hidden=c.hidden_size,
        vocab_size=c.vocab_size,
    )
    tensors = {k: v.to(torch.bfloat16).contiguous().cpu() for k, v in released_names(network).items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    end = "<|endoftext|>"
    files = {
        "config.json": config,
        "generation_config.json": {
            "bos_token_id": 0,
            "eos_token_id": 0,
            "pad_token_id": 0,
            "do_sample": False,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": end,
            "eos_token": end,
            "pad_token": end,
            "unk_token": end,
            "model_max_length": 131_072,
            "clean_up_tokenization_spaces": False,
        },
    }
    for name, content in files.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n")

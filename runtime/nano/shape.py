"""The embedded model's shape: its config.json, inside the released family.

Three sliding layers to a full one, QK-norm, mixture of experts, YaRN on full layers, one MTP layer.
"""

from __future__ import annotations

VOCAB_SIZE = 10_240


def nano_config(
    tokenizer_sha256: str, *, layers: int = 8, hidden: int = 320, vocab_size: int = VOCAB_SIZE
) -> dict[str, object]:
    """config.json of mellum2-nano as a dictionary; every third-of-four pattern, ratio and RoPE field as in the release.

    Every width is a multiple of 64, so that group-wise quantisation meets whole groups.
    """
    theta = 500_000
    return {
        "architectures": ["MellumForCausalLM"],
        "model_type": "mellum",
        "vocab_size": vocab_size,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "intermediate_size": 1024,
        "moe_intermediate_size": 64,
        "num_experts": 16,
        "num_experts_per_tok": 6,
        "norm_topk_prob": True,
        "router_aux_loss_coef": 0.001,
        "output_router_logits": False,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "initializer_range": 0.02,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": False,
        "max_position_embeddings": 131_072,
        "sliding_window": 512,
        "use_sliding_window": True,
        "use_cache": True,
        "layer_types": ["full_attention" if i % 4 == 3 else "sliding_attention" for i in range(layers)],
        "mlp_layer_types": ["sparse"] * layers,
        "rope_parameters": {
            "full_attention": {
                "rope_type": "yarn",
                "rope_theta": theta,
                "factor": 16.0,
                "original_max_position_embeddings": 8192,
                "beta_fast": 32.0,
                "beta_slow": 1.0,
                "attention_factor": 1.2772588722239782,
            },
            "sliding_attention": {"rope_type": "default", "rope_theta": theta},
        },
        "num_nextn_predict_layers": 1,
        "mtp_layer_types": ["sliding_attention"],
        "mtp_mlp_layer_types": ["sparse"],
        "bos_token_id": 0,
        "eos_token_id": 0,
        "pad_token_id": 0,
        "dtype": "bfloat16",
        "tokenizer_sha256": tokenizer_sha256,
    }

"""The chosen experts of every token, each a SwiGLU MLP, summed with their shares.

Does not choose them (router.py).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import silu

from mellum_ls.kernels.blockwise import product
from mellum_ls.kernels.dispatch import Op, triton_serves
from mellum_ls.kernels.packing import Packed, packed

# Up to this many (token, expert) pairs it is cheaper off the CPU to copy the chosen weights than to ask the device
# which experts were hit.
MAX_GATHERED_PAIRS = 32


def experts_reference(
    x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Tensor | Packed, down: Tensor | Packed
) -> Tensor:
    """Return sum over k of shares[t, k] * expert[chosen[t, k]](x[t]), [T, H].

    x [T, H]; shares [T, K]; chosen [T, K] int64; gate_up [E, 2I, H], the gate's rows first; down [E, H, I], both plain
    or both packed. Packed weights, and plain ones of another dtype than x, are multiplied in float32.
    """
    gate_up, down = _plain(gate_up, x.dtype), _plain(down, x.dtype)
    if isinstance(gate_up, Packed) or isinstance(down, Packed):
        assert isinstance(gate_up, Packed)
        assert isinstance(down, Packed)
        return _unpacked(x, shares, chosen, gate_up, down)
    if x.device.type != "cpu" and chosen.numel() <= MAX_GATHERED_PAIRS:
        return _gathered(x, shares, chosen, gate_up, down)
    if x.shape[0] == 1:
        return _one_token(x, shares, chosen, gate_up, down)
    return _by_expert(x, shares, chosen, gate_up, down)


def _plain(weight: Tensor | Packed, dtype: torch.dtype) -> Tensor | Packed:
    """A weight without codes as the tensor it is, where the activations' dtype is its own; any other as packed."""
    one = packed(weight)
    return one.data if one.format == "float" and one.data.dtype == dtype else one


def _unpacked(x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Packed, down: Packed) -> Tensor:
    """One expert that was hit after the other, so that no more than one is unpacked at a time."""
    rows, output = x.float(), torch.zeros_like(x, dtype=torch.float32)
    for expert in sorted(set(chosen.flatten().tolist())):
        tokens, slots = (chosen == expert).nonzero(as_tuple=True)  # [n] each
        gate, up = product(rows[tokens], gate_up[expert]).chunk(2, dim=-1)  # [n, I] each
        inner = silu(gate).mul_(up).mul_(shares[tokens, slots].float()[:, None])
        output.index_add_(0, tokens, product(inner, down[expert]))
    return output.to(x.dtype)


def _one_token(x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    """One row: matrix-vector products on the chosen experts in place, nothing copied."""
    row = x[0]  # [H]
    experts = chosen[0].tolist()
    projected = row.new_empty(len(experts), gate_up.shape[1])  # [K, 2I]
    for expert, place in zip(experts, projected.unbind(), strict=True):
        torch.mv(gate_up[expert], row, out=place)
    gate, up = projected.chunk(2, dim=-1)
    inner = silu(gate).mul_(up).mul_(shares.view(-1, 1))  # [K, I]; the share may go in before the linear map
    output = down[experts[0]].mv(inner[0])  # [H]
    for slot, expert in enumerate(experts[1:], start=1):
        output.addmv_(down[expert], inner[slot])
    return output[None]


def _gathered(x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    """Few rows: copy the weights of every pair and multiply in a batch; no synchronisation with the host."""
    num_tokens, top_k = chosen.shape
    picked = chosen.reshape(-1)  # [T*K]
    rows = x.repeat_interleave(top_k, dim=0)[:, :, None]  # [T*K, H, 1]
    gate, up = torch.bmm(gate_up[picked], rows).chunk(2, dim=1)  # [T*K, I, 1] each
    output = torch.bmm(down[picked], silu(gate).mul_(up))  # [T*K, H, 1]
    return (output.view(num_tokens, top_k, -1) * shares[:, :, None]).sum(dim=1)


def _by_expert(x: Tensor, shares: Tensor, chosen: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    """Many rows: sort the pairs by expert, so that each expert that was hit reads its weights once."""
    num_tokens, top_k = chosen.shape
    picked = chosen.reshape(-1)  # [T*K]
    order = picked.argsort(stable=True)
    counts = picked.bincount(minlength=gate_up.shape[0]).tolist()
    rows = x[order // top_k]  # [T*K, H], sorted by expert
    projected = rows.new_empty(rows.shape[0], gate_up.shape[1])  # [T*K, 2I]
    _multiply(rows, gate_up, counts, projected)
    gate, up = projected.chunk(2, dim=-1)  # [T*K, I] each
    output = torch.empty_like(rows)
    _multiply(silu(gate).mul_(up), down, counts, output)
    unsorted = torch.empty_like(output).index_copy_(0, order, output).view(num_tokens, top_k, -1)
    return torch.bmm(shares[:, None, :], unsorted)[:, 0]


def _multiply(rows: Tensor, weights: Tensor, counts: list[int], output: Tensor) -> None:
    """Write rows[i] @ weights[e].T to output[i]; the first counts[0] rows are expert 0's, and so on.

    rows [N, A]; weights [E, B, A]; output [N, B]. There are as many products as experts that were hit, and with few
    rows they are so short that what is around them shows: nothing is allocated or sliced in the loop.
    """
    by_expert, places = torch.split(rows, counts), torch.split(output, counts)
    for some, weight, place in zip(by_expert, weights.transpose(1, 2).unbind(), places, strict=True):
        if some.shape[0]:
            torch.mm(some, weight, out=place)


def _triton() -> Callable[..., Tensor]:
    from mellum_ls.kernels._triton import grouped

    return grouped.experts


experts = Op("experts", experts_reference, _triton, triton_serves)

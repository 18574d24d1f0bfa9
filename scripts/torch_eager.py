#!/usr/bin/env python3
"""Plain PyTorch eager decoding of a Llama-like or MoR model: the baseline beside which gpu-check puts mor4j.

Takes the sizes from a model folder's config.json, as `mor4j convert` and `mor4j random` write it; random weights of a fixed seed;
a tensor of keys and one of values for each layer that is computed; decodes greedily, all sequences at the same position. A model
with a router runs its recursions one after another: the rows that take part are gathered, computed and added back, and a mask
says which tokens a recursion's caches hold, as a straightforward user would write it.

    python3 scripts/torch_eager.py models/360m-mor3-bf16-seed1 --batch 1 --batch 256 > torch.json

A token's depth follows from a number drawn for each token, by the capacities of config.json: routers of random weights would send
all tokens the same way. What the routers multiply is computed all the same.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

SEED = 1


class Sizes:
    def __init__(self, config):
        model = config["model"]
        self.hidden = model["hidden_size"]
        self.intermediate = model["intermediate_size"]
        self.heads = model["num_attention_heads"]
        self.kv_heads = model["num_key_value_heads"]
        self.head_dim = model["head_dim"]
        self.layers = model["num_hidden_layers"]
        self.vocabulary = model["vocab_size"]
        self.eps = model["rms_norm_eps"]
        self.theta = model["rope_theta"]
        self.recursions = config["sharing"]["recursions"]
        self.unique = 1 if config["sharing"]["strategy"].startswith("middle") else 0
        routing = config["routing"]
        if routing["type"] not in ("none", "expert"):
            raise SystemExit(f"routing {routing['type']}: the baseline knows none and expert")
        self.capacities = routing.get("capacities", [])
        self.alpha = routing.get("alpha", 1.0)
        self.block = (self.layers - 2 * self.unique) // self.recursions


class Layer:
    def __init__(self, sizes, device, dtype):
        def matrix(outputs, inputs):
            return torch.randn(outputs, inputs, device=device, dtype=torch.float32).div(inputs**0.5).to(dtype)

        self.sizes = sizes
        queries = sizes.heads * sizes.head_dim
        keys = sizes.kv_heads * sizes.head_dim
        self.input_norm = torch.ones(sizes.hidden, device=device, dtype=dtype)
        self.post_norm = torch.ones(sizes.hidden, device=device, dtype=dtype)
        self.q = matrix(queries, sizes.hidden)
        self.k = matrix(keys, sizes.hidden)
        self.v = matrix(keys, sizes.hidden)
        self.o = matrix(sizes.hidden, queries)
        self.gate = matrix(sizes.intermediate, sizes.hidden)
        self.up = matrix(sizes.intermediate, sizes.hidden)
        self.down = matrix(sizes.hidden, sizes.intermediate)


class Cache:
    """Keys and values [B, NKV, S, DH] of one computed layer."""

    def __init__(self, sizes, batch, length, device, dtype):
        shape = (batch, sizes.kv_heads, length, sizes.head_dim)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)


def norm(x, weight, eps):
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)).to(x.dtype) * weight


def rope(x, cos, sin):
    """x [B, heads, DH]; the halves are rotated against each other."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


def run_layer(layer, cache, x, position, rows, mask, cos, sin):
    """One layer over x [R, H]; rows are places in the batch, None for all; mask [R, position + 1] or None."""
    sizes = layer.sizes
    h = norm(x, layer.input_norm, sizes.eps)
    q = rope(F.linear(h, layer.q).view(-1, sizes.heads, sizes.head_dim), cos, sin)
    k = rope(F.linear(h, layer.k).view(-1, sizes.kv_heads, sizes.head_dim), cos, sin)
    v = F.linear(h, layer.v).view(-1, sizes.kv_heads, sizes.head_dim)
    if rows is None:
        cache.keys[:, :, position] = k
        cache.values[:, :, position] = v
        keys = cache.keys[:, :, : position + 1]
        values = cache.values[:, :, : position + 1]
    else:
        cache.keys[rows, :, position] = k
        cache.values[rows, :, position] = v
        keys = cache.keys[:, :, : position + 1][rows]
        values = cache.values[:, :, : position + 1][rows]
    attended = F.scaled_dot_product_attention(
        q.unsqueeze(2), keys, values, attn_mask=None if mask is None else mask[:, None, None, :], enable_gqa=True
    )
    x = x + F.linear(attended.reshape(x.shape[0], -1), layer.o)
    h = norm(x, layer.post_norm, sizes.eps)
    return x + F.linear(F.silu(F.linear(h, layer.gate)) * F.linear(h, layer.up), layer.down)


class Model:
    def __init__(self, sizes, device, dtype):
        self.sizes = sizes
        self.device = device
        self.dtype = dtype
        self.embedding = (
            torch.randn(sizes.vocabulary, sizes.hidden, device=device, dtype=torch.float32) / sizes.hidden**0.5
        ).to(dtype)
        self.final_norm = torch.ones(sizes.hidden, device=device, dtype=dtype)
        self.first = [Layer(sizes, device, dtype) for _ in range(sizes.unique)]
        self.block = [Layer(sizes, device, dtype) for _ in range(sizes.block)]
        self.last = [Layer(sizes, device, dtype) for _ in range(sizes.unique)]
        self.routers = [
            torch.randn(sizes.hidden, device=device, dtype=torch.float32) / sizes.hidden**0.5 for _ in sizes.capacities
        ]
        half = torch.arange(0, sizes.head_dim, 2, device=device, dtype=torch.float32)
        self.frequencies = sizes.theta ** (-half / sizes.head_dim)

    def begin(self, batch, length):
        """Empty caches, and which tokens each recursion holds."""

        def caches(count):
            return [Cache(self.sizes, batch, length, self.device, self.dtype) for _ in range(count)]

        recursions = self.sizes.recursions
        self.first_caches = caches(self.sizes.unique)
        self.last_caches = caches(self.sizes.unique)
        self.block_caches = [caches(self.sizes.block) for _ in range(recursions)]
        self.stored = torch.zeros(recursions, batch, length, dtype=torch.bool, device=self.device)
        self.depths = 0.0

    def step(self, ids, position):
        """ids [B] at a position; returns the next ids [B]."""
        angles = position * self.frequencies
        cos = torch.cat((angles.cos(), angles.cos())).to(self.dtype)
        sin = torch.cat((angles.sin(), angles.sin())).to(self.dtype)
        x = self.embedding[ids]
        for layer, cache in zip(self.first, self.first_caches):
            x = run_layer(layer, cache, x, position, None, None, cos, sin)
        if self.sizes.capacities:
            x = self.recurse(x, position, cos, sin)
        else:
            for caches in self.block_caches:
                for layer, cache in zip(self.block, caches):
                    x = run_layer(layer, cache, x, position, None, None, cos, sin)
        for layer, cache in zip(self.last, self.last_caches):
            x = run_layer(layer, cache, x, position, None, None, cos, sin)
        return F.linear(norm(x, self.final_norm, self.sizes.eps), self.embedding).argmax(-1)

    def recurse(self, x, position, cos, sin):
        """x + gate * block(x) for the rows that take part in each recursion; one that left stays out."""
        draws = torch.rand(x.shape[0], device=self.device)
        for recursion, capacity in enumerate(self.sizes.capacities):
            z = x.float() @ self.routers[recursion]
            rows = (draws < capacity).nonzero(as_tuple=True)[0]  # waits for the device
            if rows.numel() == 0:
                break
            self.depths += rows.numel() / x.shape[0]
            self.stored[recursion, rows, position] = True
            mask = self.stored[recursion, rows, : position + 1]
            y = x[rows]
            for layer, cache in zip(self.block, self.block_caches[recursion]):
                y = run_layer(layer, cache, y, position, rows, mask, cos, sin)
            gates = (torch.sigmoid(z[rows]) * self.sizes.alpha).to(self.dtype)
            x = x.index_add(0, rows, gates.unsqueeze(-1) * y)
        return x


def measure(model, batch, context, tokens, rounds):
    """Tokens a second of decoding after a context that was decoded as well; the median of rounds."""

    def synchronize():
        if model.device.type == "cuda":
            torch.cuda.synchronize()

    rates = []
    depth = 0.0
    for round in range(rounds + 1):
        model.begin(batch, context + tokens)
        ids = torch.randint(model.sizes.vocabulary, (batch,), device=model.device)
        for position in range(context):
            ids = model.step(ids, position)
        model.depths = 0.0
        synchronize()
        start = time.perf_counter()
        for position in range(context, context + tokens):
            ids = model.step(ids, position)
            ids.cpu()  # as who generates text reads each token
        synchronize()
        if round > 0:
            rates.append(batch * tokens / (time.perf_counter() - start))
            depth = model.depths / tokens
    return {
        "batch": batch,
        "tokens_per_second": statistics.median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "mean_depth": depth if model.sizes.capacities else 1.0,
        "context": context,
        "tokens": tokens,
        "rounds": rounds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path, help="folder with a config.json")
    parser.add_argument("--batch", type=int, action="append", help="sequences at a time; may be given again")
    parser.add_argument("--context", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()

    torch.manual_seed(SEED)
    sizes = Sizes(json.loads((arguments.model / "config.json").read_text()))
    with torch.inference_mode():
        model = Model(sizes, torch.device(arguments.device), torch.bfloat16)
        results = [
            measure(model, batch, arguments.context, arguments.tokens, arguments.rounds)
            for batch in arguments.batch or [1, 256]
        ]
    device = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else "cpu"
    document = {
        "model": arguments.model.resolve().name,
        "torch": torch.__version__,
        "device": device,
        "dtype": "bfloat16",
        "seed": SEED,
        "results": results,
    }
    json.dump(document, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()

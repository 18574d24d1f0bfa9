#!/usr/bin/env python3
"""Writes what a PyTorch model computes, so that `mor4j verify` can hold a converted model against it.

    python3 scripts/expected_outputs.py CHECKPOINT --code MIXTURE_OF_RECURSIONS --out expected.safetensors
    ./mor4j convert CHECKPOINT models/mine
    ./mor4j verify models/mine --expected expected.safetensors

CHECKPOINT is a folder as training leaves it: config.json, train_config.yaml (only where the model is recursive or
routed), and pytorch_model.bin or model.safetensors. MIXTURE_OF_RECURSIONS is a checkout of the code that trained it.
The script itself needs torch and safetensors; that code needs what it needs (transformers and omegaconf, for the
authors' repository).

The file has these tensors, which are all that `mor4j verify` reads:

    input_ids                                int32   [B, T]     token ids; each row is a text of its own
    logits                                   float32 [B, T, V]  of the whole text; expert-choice: under top-k routing
    active_0 .. active_{N-1}                 uint8   [B, T]     1 where the token takes part in recursion r
    threshold_logits, threshold_active_r     as above           expert-choice: the same under threshold routing

What to adapt to a model of your own are the six functions of the first part. As they stand they fit the authors'
repository:

    load_model        builds the model, in float32 and in evaluation mode, with the weights of the checkpoint
    logits_of         calls the model with ids of one text and returns the logits of all its positions
    routed_layers     the modules that route, with their routers, in the order of their recursions; empty if there are none
    active_tokens     which tokens took part in a recursion, from what the router and its layer returned
    has_threshold     whether the model can also route by threshold
    by_threshold      makes the routed layers choose by threshold while a text is computed

The second part asks them and writes the file. It should not need a change.

Texts are random ids by default (--texts, --tokens, --seed), or the rows of a JSON file (--ids): [[0, 764, 309], [0,
12, 9]], all of one length. Routing that is decided by a hair can differ between two correct programs; the script says
how close the closest router output was to the threshold. Above 1e-3 there is no doubt.
"""

import argparse
import contextlib
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

# ------------------------------------------------------------------------------------------------------- what to adapt


def load_model(checkpoint, code):
    """The model of the folder `checkpoint`, built by the code in the folder `code`: float32, evaluation mode."""
    sys.path.insert(0, str(code))
    from transformers import LlamaConfig

    # Their token-choice router gives a mask to attention that only the eager implementation reads rightly.
    config = LlamaConfig.from_pretrained(checkpoint, attn_implementation="eager")
    settings = checkpoint / "train_config.yaml"
    if not settings.exists():
        from transformers import LlamaForCausalLM

        return LlamaForCausalLM.from_pretrained(checkpoint, torch_dtype=torch.float32, config=config).eval()

    from model.util import MODEL_CLS, MOR_MODEL_CLS, RECURSIVE_MODEL_CLS
    from omegaconf import OmegaConf

    binary = checkpoint / "pytorch_model.bin"
    if binary.exists():
        weights = torch.load(binary, map_location="cpu", weights_only=True)
    else:
        weights = load_file(checkpoint / "model.safetensors")
    # config.json may say that head and embedding are one matrix where they are not, so the weights decide.
    head = weights.get("lm_head.weight")
    tied = head is None or torch.equal(head, weights["model.embed_tokens.weight"])
    config.tie_word_embeddings = tied

    cfg = OmegaConf.load(settings)
    cfg.precision = "fp32"  # routers are made in this precision
    shares_caches = "kv_sharing" in cfg and bool(cfg.kv_sharing.get("enable"))
    if "mor" in cfg and cfg.mor.enable:
        model = MOR_MODEL_CLS[cfg.model](config)
        if cfg.mor.type == "expert":
            model.transform_layer_to_mor_expert(cfg)
        else:
            model.transform_layer_to_mor_token(cfg)
    elif cfg.recursive.enable or shares_caches:
        model = RECURSIVE_MODEL_CLS[cfg.model](config)
    else:
        model = MODEL_CLS[cfg.model](config)
    if shares_caches:
        model.set_kv_sharing_config(cfg)

    # A state dict of theirs lists every unrolled layer, so the layers need not be tied once more.
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if tied and "lm_head.weight" in missing:
        model.lm_head.weight = model.model.embed_tokens.weight
        missing.remove("lm_head.weight")
    if missing or unexpected:
        raise SystemExit(f"{checkpoint}: the weights do not fit: missing {missing}, unexpected {unexpected}")
    return model.float().eval()


def logits_of(model, ids):
    """Logits [1, T, V] of one text, ids [1, T]."""
    return model(input_ids=ids).logits


def routed_layers(model):
    """
    Pairs of a module that routes and the module that is its router. Expert-choice has one for each recursion,
    token-choice a single one for all of them.
    """
    return [(module, module.mor_router) for module in model.modules() if getattr(module, "mor", False)]


def active_tokens(layer, router_output, output, tokens):
    """
    Who took part, after `layer` was called: for each recursion that this layer decides, a bool tensor [T].
    `router_output` is what its router returned, `output` what the layer returned.
    """
    if layer.mor_type == "expert":
        active = torch.zeros(tokens, dtype=torch.bool)
        active[output.selected_tokens.reshape(-1)] = True
        return [active]
    settings = layer.cfg.mor.token
    if settings.get("router_func") == "sigmoid":
        probabilities = torch.sigmoid(router_output) * settings.get("alpha", 0.1)
    else:
        probabilities = torch.softmax(router_output, dim=-1) * settings.get("alpha", 1.0)
    if settings.balancing == "loss_free":
        probabilities = probabilities + layer.router_bias
    depth = probabilities.argmax(dim=-1).reshape(-1)
    return [depth >= recursion for recursion in range(layer.num_recursion)]


def has_threshold(model):
    """
    Expert-choice has: but for models with an auxiliary router, by which the authors' code never routes, so that there
    is nothing to compare with.
    """
    return any(layer.mor_type == "expert" and layer.sampling != "aux_router" for layer, _ in routed_layers(model))


@contextlib.contextmanager
def by_threshold(model):
    """
    Within it, expert-choice takes those tokens of the recursion before whose router output is 0 or more (a sigmoid of
    0.5 or more), and all of them where the capacity is 1. The layers know top-k only. So the capacity of each is set,
    just before it is computed, to the number of tokens that the threshold lets pass: the k largest are then these.
    """
    capacities = {layer: layer.capacity_factor for layer, _ in routed_layers(model)}

    def set_capacity(layer, arguments, named):
        states = arguments[0]
        tokens = states.shape[1]
        candidates = named.get("prev_selected_tokens")
        if candidates is not None:
            states = states[:, candidates.reshape(-1)]
        if capacities[layer] == 1:
            passed = states.shape[1]
        else:
            passed = int((layer.mor_router(states / layer.cfg.mor.temp) >= 0).sum())
        if passed == 0:
            raise SystemExit("no token passes the threshold of a recursion, which top-k cannot say: take longer texts")
        layer.capacity_factor = (passed + 0.5) / tokens

    hooks = [layer.register_forward_pre_hook(set_capacity, with_kwargs=True) for layer in capacities]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        for layer, capacity in capacities.items():
            layer.capacity_factor = capacity


# --------------------------------------------------------------------------------------------------------- what stays


class Decisions:
    """Hooks that note, for one text after another, who took part in which recursion. Used as a context."""

    def __init__(self, model):
        self.layers = routed_layers(model)
        self.router_outputs = {}
        self.of_text = []
        self.closest = float("inf")

    def __enter__(self):
        self.hooks = []
        for layer, router in self.layers:
            self.hooks.append(router.register_forward_hook(self._router(layer)))
            self.hooks.append(layer.register_forward_hook(self._layer))
        return self

    def __exit__(self, *ignored):
        for hook in self.hooks:
            hook.remove()

    def _router(self, layer):
        def note(module, arguments, output):
            self.router_outputs[layer] = output
            if output.shape[-1] == 1 and output.numel() > 0:
                self.closest = min(self.closest, float(output.abs().min()))

        return note

    def _layer(self, layer, arguments, output):
        self.of_text += active_tokens(layer, self.router_outputs[layer], output, arguments[0].shape[1])

    def take(self):
        """The decisions of the text that was computed last: uint8 [T] for each recursion."""
        taken, self.of_text = [active.to(torch.uint8) for active in self.of_text], []
        return taken


def computed(model, ids):
    """Logits [B, T, V] and, for each recursion, uint8 [B, T]; the texts are computed one at a time."""
    logits, active = [], []
    with torch.no_grad(), Decisions(model) as decisions:
        for row in ids:
            logits.append(logits_of(model, row.unsqueeze(0)).float().cpu())
            active.append(decisions.take())
    recursions = [torch.stack(rows).cpu() for rows in zip(*active)]
    return torch.cat(logits), recursions, decisions.closest


def texts(arguments, vocabulary):
    if arguments.ids:
        rows = json.loads(arguments.ids.read_text())
        lengths = {len(row) for row in rows}
        if len(lengths) != 1:
            raise SystemExit(f"{arguments.ids}: rows of {sorted(lengths)} ids, expected one length for all")
        return torch.tensor(rows, dtype=torch.long)
    generator = torch.Generator().manual_seed(arguments.seed)
    return torch.randint(vocabulary, (arguments.texts, arguments.tokens), generator=generator)


def main():
    parser = argparse.ArgumentParser(description="Writes expected outputs of a PyTorch model for mor4j verify.")
    parser.add_argument("checkpoint", type=pathlib.Path, help="folder with config.json and the weights")
    parser.add_argument("--code", type=pathlib.Path, default=pathlib.Path(), help="checkout of the model's code")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("expected.safetensors"))
    parser.add_argument("--ids", type=pathlib.Path, help="JSON file with a list of lists of token ids")
    parser.add_argument("--texts", type=int, default=2, help="random texts, where --ids is not given")
    parser.add_argument("--tokens", type=int, default=48, help="tokens of a random text")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random texts")
    arguments = parser.parse_args()

    model = load_model(arguments.checkpoint, arguments.code)
    with torch.no_grad():
        vocabulary = logits_of(model, torch.tensor([[0]])).shape[-1]
    ids = texts(arguments, vocabulary)
    tensors = {"input_ids": ids.to(torch.int32)}

    logits, active, _ = computed(model, ids)
    tensors["logits"] = logits
    tensors |= {f"active_{r}": flags for r, flags in enumerate(active)}

    if has_threshold(model):
        with by_threshold(model):
            logits, active, closest = computed(model, ids)
        tensors["threshold_logits"] = logits
        tensors |= {f"threshold_active_{r}": flags for r, flags in enumerate(active)}
        print(f"the router output closest to the threshold is {closest:.2g} from it")

    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, arguments.out)
    for name, tensor in tensors.items():
        share = f", {tensor.float().mean():.3f} of the tokens" if "active" in name else ""
        print(f"{name:20} {str(tensor.dtype).removeprefix('torch.'):8} {list(tensor.shape)}{share}")


if __name__ == "__main__":
    main()

"""The card of a network: what it is, how it came about, what was measured, where it ends. No path of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from embedding_transfer import __version__
from embedding_transfer.errors import one_line
from embedding_transfer.exports.past import Past
from embedding_transfer.networks import EmbeddingNetwork
from embedding_transfer.networks.exported_input import ExportedInput

TITLES = {
    "method": "method",
    "source": "source",
    "images": "images",
    "epochs": "epochs",
    "batch_size": "batch size",
    "images_per_class": "images per class in a batch",
    "views": "views of each image",
    "optimizer": "optimizer",
    "lr": "learning rate",
    "weight_decay": "weight decay",
    "batch_norm": "BatchNorm",
    "seed": "seed",
}


def model_card(
    network: EmbeddingNetwork, past: Past | None, name: str, license_name: str | None, *, may_fetch: bool
) -> str:
    """The card in Markdown, with the header that the hub reads.

    Args:
        network: What it is about.
        past: How it came about, if that is known.
        name: Of the folder or the repository.
        license_name: Of the weights; ``None``: unknown.
        may_fetch: Whether ``name`` is a repository.
    """
    parts = [
        f"---\nlicense: {license_name or 'unknown'}\nlibrary_name: embedding-transfer\n"
        "pipeline_tag: image-feature-extraction\n"
        "tags:\n- metric-learning\n- image-retrieval\n- embedding-transfer\n---",
        f"# {PurePath(name).name}",
        _what(network),
        "## Use",
        _use(name, may_fetch),
        "## How it came about",
        _training(past),
        "## Results",
        _results(past, name),
        "## Limits",
        _limits(network, past),
        "## License",
        "Unknown: whoever publishes this network says here what may be done with it, as the licenses of its images and "
        "of the weights it started from allow."
        if license_name is None
        else f"{license_name}.",
    ]
    return "\n\n".join(parts) + "\n"


def _what(network: EmbeddingNetwork) -> str:
    count = sum(parameter.numel() for parameter in network.parameters())
    length = "of length 1" if network.l2_normalize else "of any length"
    view = ExportedInput("float32", network.image_size, network.crop)
    return (
        f"An embedding network: a picture becomes a vector of {network.embedding_dim} numbers, {length}; similar "
        f"pictures lie close by Euclidean distance.\n\n"
        f"| | |\n|---|---|\n| backbone | `{network.backbone_name}` |\n| pooling | {network.pooling} |\n"
        f"| parameters | {count:,} |\n| bytes per vector | {4 * network.embedding_dim:,} |\n"
        f"| pictures | {view.in_words()} |\n| made by | embedding-transfer {__version__} |"
    )


def _use(name: str, may_fetch: bool) -> str:
    fetched = "  # fetches it once" if may_fetch else ""
    return (
        "```python\nfrom embedding_transfer import EmbeddingNetwork, embed_images\n\n"
        f'network = EmbeddingNetwork.from_pretrained("{name}"){fetched}\n'
        'vectors = embed_images(network, "a-folder-of-pictures")\n```\n\n'
        "The network resizes, crops (in `embed_images`) and normalizes as `config.json` says."
    )


def _training(past: Past | None) -> str:
    if past is None:
        return "Not known: the network was exported from a file that does not tell."
    options = past.options
    is_target = "source" in options
    learned = "Learned from a source network (embedding transfer)." if is_target else "Learned from class labels."
    rows = {"method": _class(options.get("loss")), "source": _names(options.get("source")), "images": _images(options)}
    if is_target and options.get("metric_loss"):
        rows["method"] = f"{rows['method']}, and {_class(options['metric_loss'])} on labels"
    shown = {**{name: options.get(name) for name in TITLES}, **rows}
    cells = {
        title: one_line(shown[name]).replace("|", "\\|") for name, title in TITLES.items() if shown[name] is not None
    }
    lines = [f"| {title} | {cell} |" for title, cell in cells.items()]
    return "\n".join([learned, "", "| | |", "|---|---|", *lines])


def _results(past: Past | None, name: str) -> str:
    scores = {} if past is None else {key: value for key, value in past.best.items() if "@" in key}
    if past is None or not scores:
        return "None were kept with the network."
    lines = [f"| {key} | {100 * value:.2f} % |" for key, value in scores.items()]
    options = past.options
    ks, data = ",".join(map(str, options["ks"])), options["images"]
    root = "" if options.get("root") is None else f" --root {_name(options['root'])}"
    command = f"embedding-transfer evaluate {PurePath(name).name} --images {data}{root} --ks {ks}"
    return "\n".join(
        [
            f"On test images of {_images(options)}, after epoch {past.best.get('epoch')} of {options['epochs']}:",
            "",
            "| score | |",
            "|---|---:|",
            *lines,
            "",
            "```sh",
            f"{command} --metric {options['metric']}",
            "```",
        ]
    )


def _limits(network: EmbeddingNetwork, past: Past | None) -> str:
    lines = [
        "- Measured on the images named above and nothing else: on pictures of another kind, measure first.",
        f"- It sees {network.image_size} x {network.image_size} pixels, and none of what the crop leaves out.",
    ]
    if not network.l2_normalize:
        lines.append("- Vectors have any length: cosine gives another order than the Euclidean distance it learned.")
    if past is not None and past.chosen_by is None:
        lines.append("- It is of the last epoch: its training chose none by a score.")
    elif past is not None and not str(past.chosen_by).startswith("validation"):
        lines.append(f"- Its epoch was chosen by {past.chosen_by} on the same test images, so that is a little high.")
    return "\n".join(lines)


def _images(options: Mapping[str, Any]) -> str:
    """The image set by name, and its folder's own name."""
    root = options.get("root")
    return str(options["images"]) if root is None else f"{options['images']} ({_name(root)})"


def _class(spec: Any) -> str | None:
    """``RKDLoss(angle_weight=2.0)`` of what a configuration says."""
    if not isinstance(spec, Mapping):
        return None if spec is None else str(spec)
    arguments = ", ".join(f"{key}={value}" for key, value in (spec.get("init_args") or {}).items())
    return f"{str(spec.get('class_path')).rpartition('.')[2]}({arguments})"


def _names(named: Any) -> str | None:
    """Sources by the last part of their paths."""
    if named is None:
        return None
    return ", ".join(_name(each) for each in (named if isinstance(named, list) else [named]))


def _name(path: Any) -> str:
    return PurePath(str(path)).name

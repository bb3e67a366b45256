"""Hostile inputs by kind: each function makes one from a generator in a folder, and hands over what reads it."""

from __future__ import annotations

import importlib
import io
import json
import os
import pickle
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from damage import TEXTS, VALUES, damaged, damaged_data, damaged_text, pick
from PIL import Image
from safetensors.torch import load_file, save_file

from embedding_transfer.cli import VERBS as EVERY_VERB
from embedding_transfer.cli import main
from embedding_transfer.images import load_images
from embedding_transfer.images.decode import read_rgb
from embedding_transfer.networks import EmbeddingNetwork, load_network
from embedding_transfer.networks.backbones import build_backbone
from embedding_transfer.networks.network_file import METADATA_KEY
from embedding_transfer.networks.weights import load_backbone_weights
from embedding_transfer.retrieval.vector_file import read_vectors, write_vectors
from embedding_transfer.sources import SourceSettings, open_source
from embedding_transfer.training.source_options import SourceOptions
from embedding_transfer.training.transfer_options import TransferOptions

Reads = Callable[[], Any]
Rng = np.random.Generator

FORMATS = "PNG JPEG GIF BMP TIFF WEBP PPM TGA ICO DDS PCX SGI XBM ICNS JPEG2000 DIB MSP SPIDER EPS PDF"
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(owned) (w) file closefile\nshowpage\n"
_kept: dict[str, Any] = {}


def once(make: Callable[[], Any]) -> Any:
    """What does not change is made once for all inputs."""
    if make.__name__ not in _kept:
        _kept[make.__name__] = make()
    return _kept[make.__name__]


def whole_pictures() -> list[bytes]:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 14, 3), dtype=np.uint8)
    found = []
    for name in FORMATS.split():
        for mode in ("RGB", "L", "1", "P", "RGBA"):
            file = io.BytesIO()
            try:
                Image.fromarray(pixels).convert(mode).save(file, name)
            except (OSError, ValueError, KeyError):
                continue
            found.append(file.getvalue())
    huge = b"P6 60000 60000 255\n" + bytes(100)
    return [*found, POSTSCRIPT, huge, b"", b"<svg/>", b"PK\x03\x04", b"\x1f\x8b"]


def picture(rng: Rng, folder: Path) -> Reads:
    content = pick(rng, once(whole_pictures))
    content = content if rng.random() < 0.1 else damaged(rng, content)
    if rng.random() < 0.5:
        return lambda: read_rgb(content, "picture")
    file = folder / f"x{pick(rng, ('.png', '.jpg', '.tif', '.gif', '.eps', '.ico', ''))}"
    file.write_bytes(content)
    return lambda: read_rgb(file)


NAMES = (
    "a.png",
    "b\n.png",
    "\x1b[2J.png",
    "c\udce9.png",
    " .png",
    "-.png",
    "'\";.jpg",
    "%s.png",
    "é.png",
)


def folder_of_images(rng: Rng, folder: Path) -> Reads:
    """Class folders with names, links, pipes, sockets and folders where pictures should be."""
    for half in ("train", "test"):
        for number in range(2):
            place = folder / "set" / half / f"{half}{number}{pick(rng, ('', chr(10), chr(0xE9), chr(27)))}"
            place.mkdir(parents=True)
            for name in (pick(rng, NAMES), pick(rng, NAMES)):
                (place / name).write_bytes(pick(rng, once(whole_pictures)))
            _odd_thing(rng, place)
    root = str(folder / "set")
    look = ["check-images", "--root", root, "--workers", "0"]
    ways = (
        *(lambda: load_images("folder", root) for _ in range(4)),
        *(lambda: load_images("unlabeled", root) for _ in range(4)),
        lambda: main(look),
        lambda: main([*look, "--output", str(folder / "page")]),
    )
    return pick(rng, ways)


def _odd_thing(rng: Rng, place: Path) -> None:
    thing, odd = place / f"odd{pick(rng, ('.png', '.jpg', '', '.csv'))}", int(rng.integers(7))
    if odd == 0:
        os.mkfifo(thing)
    elif odd == 1:
        thing.mkdir()
    elif odd == 2:
        thing.symlink_to("/dev/zero")
    elif odd == 3:
        thing.symlink_to(place.parent)
    elif odd == 4:
        thing.symlink_to("nowhere")
    elif odd == 5:
        with socket.socket(socket.AF_UNIX) as listening:
            before = os.getcwd()
            os.chdir(place)  # names of sockets are short
            try:
                listening.bind(thing.name)
            finally:
                os.chdir(before)
    else:
        thing.write_bytes(damaged(rng, pick(rng, once(whole_pictures))))


def network_bytes() -> bytes:
    torch.manual_seed(0)
    file = Path(_kept["folder"]) / "whole.safetensors"
    EmbeddingNetwork("convnet-4", 8, image_size=16, crop=1.0).save(file)
    return file.read_bytes()


def description_of_network() -> dict[str, Any]:
    return EmbeddingNetwork("convnet-4", 8, image_size=16).description


def network(rng: Rng, folder: Path) -> Reads:
    """A network file with damaged bytes, description, types or values; as a file or in a run directory."""
    file = folder / "best.safetensors"
    file.write_bytes(once(network_bytes))
    if rng.random() < 0.35:
        file.write_bytes(damaged(rng, file.read_bytes()[:3000]) + file.read_bytes()[3000:])
    else:
        tensors, description = load_file(file), once(description_of_network)
        way = int(rng.integers(4))
        if way == 0:
            description = damaged_data(rng, description)
        elif way == 1:
            dtype = pick(rng, (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool))
            tensors = {name: value.to(dtype) for name, value in tensors.items()}
        elif way == 2:
            tensors[pick(rng, [name for name in tensors if tensors[name].is_floating_point()])].fill_(
                pick(rng, (torch.nan, torch.inf, 1e30, 0))
            )
        else:
            tensors[pick(rng, list(tensors))] = torch.zeros(tuple(rng.integers(0, 5, int(rng.integers(0, 4)))))
        try:
            text = json.dumps(description)
        except (ValueError, TypeError):
            text = "[" * 20000
        save_file(tensors, file, {METADATA_KEY: pick(rng, (text, text, text, "[" * 20000, "", "{}", "null"))})
    place = pick(rng, (file, folder))
    return lambda: load_network(place)


class Evil:
    """What runs a program when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


def checkpoint_states() -> list[Any]:
    weights = build_backbone("convnet-4").weights_module.state_dict()
    itself: dict[str, Any] = {"state_dict": weights}
    itself["itself"] = itself
    first = next(iter(weights))
    odd = (
        torch.sparse_coo_tensor(torch.zeros(1, 1, dtype=torch.int64), torch.ones(1), (10**9,)),
        torch.empty(10**12, device="meta"),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        torch.ones(1).expand(10**12),
        torch.full((4, 3, 3, 3), torch.nan),
        torch.zeros(4, 3, 3, 3, dtype=torch.int32),
        torch.zeros(4, 3, 3, 3, dtype=torch.complex64),
        "text",
    )
    return [weights, itself, Evil(), {"state_dict": Evil()}, [], 5, {}, *({**weights, first: value} for value in odd)]


def checkpoint(rng: Rng, folder: Path) -> Reads:
    file = folder / f"x{pick(rng, ('.pth', '.pt', '.safetensors', ''))}"
    packed, buffer = int(rng.integers(3)), io.BytesIO()
    state = pick(rng, once(checkpoint_states))
    try:
        if packed == 0:
            pickle.dump(state, buffer)
        else:
            torch.save(state, buffer, _use_new_zipfile_serialization=packed == 1)
    except Exception:  # not everything can be packed in every way
        buffer = io.BytesIO(b"")
    content = buffer.getvalue()
    file.write_bytes(content if rng.random() < 0.5 else damaged(rng, content))
    return lambda: load_backbone_weights(build_backbone("convnet-4"), file)


TABLE = "path,label,split\n" + "".join(f"{i}.png,{'abcd'[i]},{'train' if i < 2 else 'test'}\n" for i in range(4))


def table(rng: Rng, folder: Path) -> Reads:
    for number in range(4):
        (folder / f"{number}.png").write_bytes(once(whole_pictures)[0])
    text, file = TABLE, folder / "table.csv"
    for _ in range(int(rng.integers(1, 4))):
        text = damaged_text(rng, text)
    content = text.encode("utf-8", "surrogateescape")
    file.write_bytes(content if rng.random() < 0.7 else damaged(rng, content))
    name, incomplete = pick(rng, ("table", "folder", "unlabeled")), rng.random() < 0.5
    return lambda: load_images(name, file, incomplete)


def options_of_transfer() -> dict[str, Any]:
    parts = ["RKDLoss", {"class_path": "PKTLoss"}]
    loss = {"class_path": "WeightedSum", "init_args": {"losses": parts, "weights": [1, 2]}}
    return {**dict.fromkeys(TransferOptions.__dataclass_fields__, 1), "loss": loss, "images": "folder", "ks": [1, 2]}


def configuration(rng: Rng, folder: Path) -> Reads:
    """YAML of a training, a recipe or a run directory, damaged as data or as text."""
    data = {name: value for name, value in once(options_of_transfer).items() if rng.random() < 0.1} | {"epochs": 3}
    text = yaml.safe_dump(damaged_data(rng, data)) if rng.random() < 0.5 else damaged_text(rng, yaml.safe_dump(data))
    file = folder / "config.yaml"
    content = text.encode("utf-8", "surrogateescape")
    file.write_bytes(content if rng.random() < 0.8 else damaged(rng, content))
    out = str(folder / "out")
    words = pick(
        rng,
        (
            ["transfer", "--config", str(file), "--source", "nowhere", "--output", out, "--print-config"],
            ["transfer", "--config", str(file), "--source", str(folder / "nowhere"), "--output", out],
            ["transfer", "--resume", "--output", str(folder)],
            ["train-source", "--config", str(file), "--root", str(folder / "nowhere"), "--output", out],
            ["reproduce", str(file), "--dry-run", "--output", out],
        ),
    )
    return lambda: main(list(words))


VERBS = tuple(verb for verb in EVERY_VERB if verb not in ("demo", "download"))


def typed_option(rng: Rng, folder: Path) -> Reads:
    """One option of a verb with a value that is none; what it needs beside is missing."""
    from embedding_transfer.cli.options import options_of

    verb = pick(rng, VERBS)
    name, text = pick(rng, list(options_of(verb))), pick(rng, TEXTS)
    argument = pick(rng, ("", "", ".sigma", ".init_args", ".loss.margin", ".class_path", "."))
    words = [verb, f"--{name}{argument}={text}"]
    if name != "output":
        words += ["--output", str(folder / "out.npy")] if rng.random() < 0.8 else []
    if name == "output" and (text.startswith(("/", "..")) or not text.strip()):
        words = [verb, f"--{name}={folder / 'out'}"]
    if name not in ("source", "network") and rng.random() < 0.8:
        words += ["--network" if verb == "evaluate" else "--source", str(folder / "nowhere")]
    if verb == "reproduce":
        words += ["--dry-run"]
    return lambda: main(words)


def option_in_python(rng: Rng, folder: Path) -> Reads:
    kind = pick(rng, (TransferOptions, SourceOptions, SourceSettings))
    name, value = pick(rng, list(kind.__dataclass_fields__)), pick(rng, VALUES)
    needed = {} if kind is SourceSettings else {"output": folder / "out"}
    needed |= {"source": "nowhere"} if kind is TransferOptions else {}
    return lambda: kind.of({**needed, name: value})


def vectors(rng: Rng, folder: Path) -> Reads:
    ending = pick(rng, (".npy", ".npy", ".safetensors", ".safetensors", ".parquet"))
    file = folder / f"x{ending}"
    write_vectors(file, np.ones((3, 2), np.float32), ["a", "b", "c"], {"network": pick(rng, TEXTS), "root": "/"})
    victim = file if ending == ".parquet" else pick(rng, (file, file, *folder.iterdir()))
    if ending != ".parquet" or rng.random() < 0.3:
        victim.write_bytes(damaged(rng, victim.read_bytes()))
    else:
        victim.write_bytes(victim.read_bytes()[: int(rng.integers(victim.stat().st_size))])
    found = folder / "x.png"
    found.write_bytes(once(whole_pictures)[0])
    if rng.random() < 0.5:
        return lambda: read_vectors(file)
    return lambda: main(["search", str(file), str(found), "--workers", "0", "--k", "1"])


def run_directory(rng: Rng, folder: Path) -> Reads:
    """What ``--source`` names: a folder with a file, a pipe, a link or nothing where the network should be."""
    best, odd = folder / "best.safetensors", int(rng.integers(6))
    if odd == 0:
        os.mkfifo(best)
    elif odd == 1:
        best.mkdir()
    elif odd == 2:
        best.symlink_to("/dev/zero")
    elif odd == 3:
        best.symlink_to(best)
    elif odd == 4:
        best.write_bytes(damaged(rng, once(network_bytes)))
    place = pick(rng, (folder, best, f"{folder}/../{folder.name}", folder / pick(rng, ("x.onnx", "x.pth", "x.npy"))))
    return lambda: open_source(place)


KINDS: dict[str, Callable[[Rng, Path], Reads]] = {
    "picture": picture,
    "folder": folder_of_images,
    "network": network,
    "checkpoint": checkpoint,
    "table": table,
    "configuration": configuration,
    "typed option": typed_option,
    "option in Python": option_in_python,
    "vectors": vectors,
    "run directory": run_directory,
}
"""Kind to what makes an input of it."""


def prepare(folder: Path) -> None:
    """Where inputs that all share are kept; what libraries write when they are first imported, they write now."""
    _kept["folder"] = folder
    for module in ("matplotlib.pyplot", "accelerate", "wandb", "pyarrow.parquet", "pytorch_metric_learning.losses"):
        with suppress(ImportError):
            importlib.import_module(module)


def emptied(folder: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder

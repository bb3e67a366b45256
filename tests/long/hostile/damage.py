"""Ways to damage bytes, texts and values; everything is drawn from the generator that is given."""

from __future__ import annotations

from typing import Any

import numpy as np

TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "nan",
    ".nan",
    "inf",
    "-.inf",
    "1e999",
    "1e30",
    "9" * 5000,
    "null",
    "~",
    "true",
    "no",
    "auto",
    "../../etc/passwd",
    "/dev/zero",
    "/",
    "\0",
    "a\nb",
    "\x1b[2J",
    "caf\udce9",
    "[" * 3000,
    "&a [*a]",
    "!!python/object/apply:os.system ['touch owned']",
    "2020-13-45",
    "x" * 20000,
    "%s%n{0}",
    "os.abort",
    "subprocess.Popen",
    "torch.load",
    "no.such.Thing",
    "RKDLos",
    "timm:",
    "timm:no_such",
    "convnet-0",
    "convnet-99999999999",
    "..",
    "1,,2",
    "1e-400",
    "0x10",
    "1_000",
    "½",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    10**6,
    10**12,
    10**30,
    2**63,
    -(2**70),
    0.0,
    0.5,
    -0.5,
    1e-320,
    1e300,
    float("nan"),
    float("inf"),
    -float("inf"),
    [],
    {},
    [None],
    [1, [2, [3]]],
    {"class_path": "os.abort"},
    {"class_path": "subprocess.Popen", "init_args": {"args": ["touch", "owned"]}},
    {"class_path": "torch.load", "init_args": {"f": "evil.pth", "weights_only": False}},
    {"class_path": 5, "init_args": 5},
    {"class_path": "RKDLoss", "init_args": [1]},
    {"class_path": "RKDLoss", "init_args": {"angle_weight": float("nan")}},
    *TEXTS,
)


def pick(rng: np.random.Generator, things: Any) -> Any:
    """One of them."""
    return things[int(rng.integers(len(things)))]


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Cut, flipped, overwritten, doubled or extended."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        way, place = int(rng.integers(7)), int(rng.integers(max(len(data), 1)))
        if way == 0:
            del data[place:]
        elif way == 1 and data:
            data[place] ^= 1 << int(rng.integers(8))
        elif way == 2:
            data[place : place + 4] = pick(rng, (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80"))
        elif way == 3:
            data[place:place] = rng.bytes(int(rng.integers(1, 40)))
        elif way == 4:
            data += data[place:]
        elif way == 5:
            del data[place : place + int(rng.integers(1, 40))]
        else:
            count = int(rng.integers(1, 200))
            data[place : place + count] = rng.bytes(count)
    return bytes(data)


def damaged_data(rng: np.random.Generator, data: Any) -> Any:
    """A mapping with one entry, at any depth, of another kind, missing or added."""
    data = dict(data)
    key = pick(rng, list(data))
    if isinstance(data[key], dict) and data[key] and rng.random() < 0.5:
        data[key] = damaged_data(rng, data[key])
    elif rng.random() < 0.15:
        del data[key]
    elif rng.random() < 0.1:
        data[pick(rng, TEXTS)] = pick(rng, VALUES)
    else:
        data[key] = pick(rng, VALUES)
    return data


def damaged_text(rng: np.random.Generator, text: str) -> str:
    """A text with a word, a sign or a line changed."""
    place = int(rng.integers(len(text) + 1))
    signs = ("\t", "\n", '"', "'", ":", "{", "[", "&a", "*a", "!!binary x", "---\n", "\ufeff", "<<: *a")
    insert = pick(rng, (*TEXTS, *signs))
    return text[:place] + insert + text[place + int(rng.integers(0, 12)) :]

"""The map as an ONNX file, for other programs and languages; needs onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from embedding_transfer.errors import UsageError
from embedding_transfer.files import write_bytes
from embedding_transfer.relations.unit_rows import SMALLEST_LENGTH
from embedding_transfer.vectors.short_map import ShortMap

OPSET = 17


def write_onnx(path: Path, short: ShortMap) -> None:
    """Write a graph from ``vectors`` (n, d) to ``short_vectors`` (n, k), float32; n is free.

    Raises:
        UsageError: If onnx is not installed.
    """
    onnx = _onnx(path)
    helper, numbers = onnx.helper, onnx.numpy_helper
    state = {name: value.cpu().numpy().astype(np.float32) for name, value in short.state_dict().items()}
    constants = {
        "least": np.array(SMALLEST_LENGTH, np.float32),
        "W": np.ascontiguousarray(state["linear.weight"].T),
        "b": state["linear.bias"],
    }
    nodes = [
        *_unit("vectors", "u"),
        helper.make_node("MatMul", ["u", "W"], ["uW"]),
        helper.make_node("Add", ["uW", "b"], ["linear"]),
    ]
    result = "linear"
    if short.hidden:
        constants |= {
            "A": np.ascontiguousarray(state["inner.weight"].T),
            "a": state["inner.bias"],
            "C": np.ascontiguousarray(state["outer.weight"].T),
            "half": np.array(0.5, np.float32),
            "one": np.array(1, np.float32),
            "root": np.array(0.5**0.5, np.float32),
        }
        steps = [
            ("MatMul", ["u", "A"], "uA"),
            ("Add", ["uA", "a"], "h"),
            ("Mul", ["h", "root"], "h/root2"),
            ("Erf", ["h/root2"], "erf"),
            ("Add", ["erf", "one"], "1+erf"),
            ("Mul", ["h", "1+erf"], "2gelu"),
            ("Mul", ["2gelu", "half"], "gelu"),
            ("MatMul", ["gelu", "C"], "bent"),
            ("Add", ["linear", "bent"], "v"),
        ]
        nodes += [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps]
        result = "v"
    nodes += (
        _unit(result, "short_vectors")
        if short.normalize
        else [helper.make_node("Identity", [result], ["short_vectors"])]
    )
    graph = helper.make_graph(
        nodes,
        "shorter vectors",
        [helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["n", short.linear.in_features])],
        [helper.make_tensor_value_info("short_vectors", onnx.TensorProto.FLOAT, ["n", short.linear.out_features])],
        [numbers.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    write_bytes(path, model.SerializeToString())


def has_onnx() -> bool:
    """Whether onnx is installed."""
    try:
        _onnx(Path("map.onnx"))
    except UsageError:
        return False
    return True


def _unit(given: str, result: str) -> list[Any]:
    """Nodes that divide rows by their lengths."""
    from onnx import helper

    return [
        helper.make_node("ReduceL2", [given], [f"|{given}|"], axes=[1], keepdims=1),
        helper.make_node("Max", [f"|{given}|", "least"], [f"length of {given}"]),
        helper.make_node("Div", [given, f"length of {given}"], [result]),
    ]


def _onnx(path: Path) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise UsageError(f"writing {path} needs onnx: pip install 'embedding-transfer[onnx]'") from error
    return onnx

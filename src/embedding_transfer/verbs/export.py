"""Export: a trained network as a file or folder that is used without this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from embedding_transfer.build.ranges import BatchSize, Count, Range, Workers
from embedding_transfer.build.typed_arguments import in_range


@in_range
def export(
    network: Path,
    root: Path | None = None,
    *,
    output: Path,
    format: Literal["onnx", "torchscript", "safetensors", "hub-folder"] = "onnx",
    pixels: Literal["float32", "uint8"] = "float32",
    quantize: Literal["int8"] | None = None,
    compare: Path | None = None,
    images: str = "folder",
    allow_incomplete: bool = False,
    calibration: Count = 256,
    license: str | None = None,
    push_to_hub: str | None = None,
    batch_size: BatchSize = 32,
    workers: Workers = 2,
    threads: Annotated[int, Range(1, 1024)] = 1,
) -> Path:
    """Write a trained network as ONNX, TorchScript, one file of weights, or a folder for the Hugging Face hub.

    Args:
        network: A run directory (its best network) or a network file.
        root: Folder of pictures that the file is checked with, 8 bits are fitted to and Recall@1 is measured on, or the
            file of a ``table``; without it, it is checked with generated pictures.
        output: What to write: ``NAME.onnx``, ``NAME.pt`` (torchscript), ``NAME.safetensors`` or a new folder.
        format: What it shall be; ``onnx`` and ``torchscript`` take raw pictures and normalize inside.
        pixels: What the file takes: ``float32`` in [0, 1], or ``uint8``.
        quantize: Write ``NAME.int8.onnx`` beside it, and measure both; needs pictures.
        compare: The source, or another network, whose size, latency and Recall@1 stand beside it.
        images: Image set under root: ``folder``, ``table``, ``unlabeled``, ``hf``, ``cub``, ``cars``, ``sop``,
            ``inshop``; or ``glyphs``, which needs no root.
        allow_incomplete: Warn instead of failing where images are missing or a published set is another edition.
        calibration: How many pictures of the training half 8 bits are fitted to.
        license: Of the weights, for the card of a hub folder, such as ``mit``; default: unknown.
        push_to_hub: Upload the hub folder to this repository, ``OWNER/NAME``; nothing is uploaded otherwise.
        batch_size: Images at a time, for Recall@1.
        workers: Processes that load images.
        threads: Threads of onnxruntime while latency is measured.

    Returns:
        ``output``.

    Raises:
        UsageError: If there is no such network or image set, options do not go together, or the output exists.
        InputError: If the network or an image cannot be read.
        EmbeddingTransferError: If the file does not give the network's numbers, or the hub refuses the upload.

    Example::

        export("runs/short", "my-images", output=Path("short.onnx"), quantize="int8", compare="runs/source")
    """
    from embedding_transfer.exports.choices import check_choices

    output = Path(output)
    has_pictures = root is not None or images != "folder"
    check_choices(output, format, has_pictures, pixels, quantize, compare, license, push_to_hub)

    from embedding_transfer.exports.hub_folder import upload, write_hub_folder  # imports torch
    from embedding_transfer.exports.onnx_file import write_onnx
    from embedding_transfer.exports.side_by_side import SideBySide
    from embedding_transfer.exports.torchscript_file import write_torchscript
    from embedding_transfer.exports.trial_pictures import trial_views
    from embedding_transfer.images import load_images
    from embedding_transfer.networks import load_network
    from embedding_transfer.networks.exported_input import ExportedInput
    from embedding_transfer.report.export_table import print_exports

    loaded = load_network(network)
    what = f"{output}: {loaded.backbone_name}, {loaded.embedding_dim} dimensions"
    if format == "safetensors":
        loaded.save(output)
        print(f"{what}; load_network reads it")
    elif format == "hub-folder":
        write_hub_folder(output, loaded, Path(network), license, push_to_hub)
        print(f"{what}; EmbeddingNetwork.from_pretrained reads it, README.md is its card")
        if push_to_hub is not None:
            print(f"uploaded: {upload(output, push_to_hub)}")
    else:
        pictures = load_images(images, root, allow_incomplete) if has_pictures else None
        view = ExportedInput(pixels, loaded.image_size, loaded.crop)
        views, shown = trial_views(view, pictures)
        difference = {"onnx": write_onnx, "torchscript": write_torchscript}[format](output, loaded, pixels, views)
        print(f"{what}, {output.stat().st_size / 1e6:.2f} MB; takes {view.in_words()}")
        print(f"checked with {len(views)} pictures of {shown}: differs from torch by at most {difference:.1g}")
        if quantize or compare:
            beside = SideBySide(output, pixels, pictures, threads, batch_size, workers)
            if quantize:
                beside.add_int8(view, calibration)
            if compare:
                beside.add_source(compare)
            print_exports(*beside.measured())
    return output

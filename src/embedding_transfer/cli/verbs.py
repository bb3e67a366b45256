"""The verbs: what each does, and what may be given to it first, without a name."""

VERBS = {
    "demo": "train a source on letters, transfer it three ways, show the result (minutes, no data needed)",
    "train-source": "train an embedding network on images with class labels",
    "transfer": "hand the knowledge of a source network on to a target network",
    "reproduce": "run recipes with many methods and seeds; one table, beside the published numbers",
    "audit-source": "look at a source's vectors: spread, effective dimension, which sigma suits them",
    "report": "one page about runs side by side: what they are worth, cost and find; or tables on the terminal",
    "evaluate": "measure Recall@K, MAP@R, R-precision or NMI of networks or vectors on an image set",
    "embed": "write the vectors of pictures to a file, by a network or any other source",
    "search": "find the pictures nearest to others in a file of vectors; a page to look at",
    "export": "write a network as ONNX (also int8), TorchScript or a folder for the Hugging Face hub, checked",
    "compress": "learn shorter vectors from a file of vectors; what they keep, beside PCA and others",
    "fidelity": "how well vectors keep the neighborhoods of others: overlap, rank correlation, bytes",
    "align": "learn the map by which a new model's vectors are searched in an old model's index",
    "download": "fetch an image set of the paper or a released source; nothing is fetched unasked",
    "convert": "turn a checkpoint of the paper's research code into a network of this package",
    "check-images": "find what is missing, unreadable, odd or there twice in an image set",
}
"""Verb to what it does. ``train-source`` is the function ``train_source`` of the module of that name."""

FIRST = {
    "demo": ("output",),
    "train-source": ("root",),
    "transfer": ("source", "root"),
    "reproduce": ("recipes",),
    "audit-source": ("source", "root"),
    "report": ("runs",),
    "evaluate": ("network", "root"),
    "embed": ("source", "root"),
    "search": ("vectors", "pictures"),
    "export": ("network", "root"),
    "compress": ("vectors", "output"),
    "fidelity": ("short", "whole"),
    "align": ("old", "new", "output"),
    "download": ("name",),
    "convert": ("checkpoint", "output"),
    "check-images": ("root",),
}
"""The options of each verb that may be given first, without their names."""

SEVERAL = {"evaluate": "network"}
"""The option of a verb that takes all words given first, but for those of the options after it."""

EXAMPLES = {
    verb: f"embedding-transfer {verb} {words}"
    for verb, words in {
        "demo": "runs/demo",
        "train-source": "my-images --backbone resnet18 --pretrained --output runs/source",
        "transfer": "runs/source my-images --embedding-dim 64 --start-from-source --output runs/short",
        "reproduce": "recipes/own-images/source.yaml recipes/own-images/shorter.yaml --root my-images",
        "audit-source": "runs/source my-images",
        "report": "runs/source runs/short --output both.html",
        "evaluate": "runs/source runs/short my-images",
        "embed": "runs/short my-images --output photos.npy",
        "search": "photos.npy my-images/test --k 5 --output found.html",
        "export": "runs/short my-images --output short.onnx",
        "compress": "photos.npy short --dim 64",
        "fidelity": "short/photos.npy photos.npy",
        "align": "old.npy new.npy new-to-old.safetensors",
        "download": "cub --dry-run",
        "convert": "released.pth runs/released.safetensors",
        "check-images": "my-images --output checked",
    }.items()
}
"""A call of each verb, for the end of its help."""

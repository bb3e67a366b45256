"""Forms of files of vectors: each module reads and writes one of them."""

from embedding_transfer.retrieval.vector_formats import npy, parquet_file, safetensors_file

FORMS = {".npy": npy, ".safetensors": safetensors_file, ".parquet": parquet_file}
"""Ending to the module whose ``read(path)`` and ``write(path, contents)`` are for it."""

__all__ = ["FORMS"]

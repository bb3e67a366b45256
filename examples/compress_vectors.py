"""Make vectors shorter, and measure what they keep of their neighborhoods beside principal components.

Takes handwritten digits (64 pixels each, they come with scikit-learn) for vectors; put your own file in the line that
says so. Takes seconds on a CPU.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from embedding_transfer import EmbeddingCompressor
from embedding_transfer.vectors import Neighborhoods

vectors = load_digits().data.astype(np.float32)  # yours: np.load("vectors.npy")
train, test = vectors[:900], vectors[900:]

compressor = EmbeddingCompressor(n_components=8, steps=200).fit(train)
near = Neighborhoods(test)  # who is near to whom, before
ways = {"learned": compressor.transform(test), "PCA": PCA(8).fit(train).transform(test)}
for name, short in ways.items():
    scores = near.fidelity(short)
    print(f"{name}: {scores['overlap@10']:.1%} of the 10 nearest are the same, {scores['bytes']} of 256 bytes")

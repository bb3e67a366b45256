"""Hand the knowledge of a trained embedding network on to another."""

__version__ = "0.1.0"

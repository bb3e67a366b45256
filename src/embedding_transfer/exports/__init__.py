"""Exports: a trained network as a file or folder that is used without this package, checked before it is kept."""

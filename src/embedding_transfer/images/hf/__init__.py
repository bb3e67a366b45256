"""Hugging Face datasets on disk: found, opened without the network, read a picture at a time."""

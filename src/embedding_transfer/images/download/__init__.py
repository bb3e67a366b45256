"""Files that the paper's experiments need: where they are, fetching them whole, unpacking them safely."""

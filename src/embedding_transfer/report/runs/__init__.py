"""The page of one run or several: what was handed on, what it is worth, what it costs, what it finds."""

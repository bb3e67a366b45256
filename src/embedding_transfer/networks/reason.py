"""Errors of other libraries inside our one-line messages."""


def reason(error: Exception) -> str:
    """The first line of an error's message, or its class if it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]

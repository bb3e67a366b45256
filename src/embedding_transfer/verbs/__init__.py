"""What the command line can do: one function per verb, importable from the package itself."""

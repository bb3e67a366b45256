"""Reports: tables for terminals and files, curves, galleries, self-contained pages."""

"""Grids of trainings: recipes x methods x seeds, and the table of what came of them."""

"""Training: the loop, its objectives, options, optimizers, run directory, processes."""

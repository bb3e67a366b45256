"""Images: where pictures and labels come from."""

"""The pages of Studio."""

"""Parallel nodes and components: one script over many mini batches."""

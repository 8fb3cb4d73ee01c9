"""Job files: what they may say, what becomes of it, and what is refused in which words."""

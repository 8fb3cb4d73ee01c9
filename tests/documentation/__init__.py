"""The documentation's pages, its code blocks and its site."""

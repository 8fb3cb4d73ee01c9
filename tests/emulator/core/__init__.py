"""Routes, bodies, errors."""

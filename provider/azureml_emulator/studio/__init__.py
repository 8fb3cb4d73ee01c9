"""Studio: small read-only pages for a browser on this machine."""

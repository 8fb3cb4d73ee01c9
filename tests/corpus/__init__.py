"""Our requests against the golden requests of Microsoft's client."""

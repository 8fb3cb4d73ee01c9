"""The life of batch invocations: their target, the search for their jobs, endpoints and deployments."""

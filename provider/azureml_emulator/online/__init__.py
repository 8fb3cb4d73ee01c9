"""Managed online endpoints: resources, the processes that serve deployments, and the scoring host before them."""

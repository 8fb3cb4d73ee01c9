"""Serverless endpoints, and the subscriptions to models of the marketplace that they may stand on."""

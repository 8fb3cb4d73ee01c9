"""The service, described: flows driven by hand, without any client."""

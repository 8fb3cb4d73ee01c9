"""Tests of the two drivers, their pipelines, credentials and transfers, over real TLS connections."""

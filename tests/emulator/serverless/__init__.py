"""Serverless endpoints and marketplace subscriptions, at the emulator."""

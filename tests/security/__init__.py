"""What must not get out, what the service may answer, and what an identity must be allowed to."""

"""What a job has cost: how long it was queued and ran, on how many nodes of which size, and what they are worth."""

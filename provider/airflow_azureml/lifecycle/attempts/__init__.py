"""The attempts of a task at its job: which compute each takes, and when it has been queued for too long."""

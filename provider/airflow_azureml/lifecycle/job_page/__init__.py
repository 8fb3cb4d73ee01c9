"""What a person who opens a task's page is told of its job, and how little is asked for that."""

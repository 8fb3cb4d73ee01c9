"""What a task tells others of its job: callbacks and notifiers, following tasks, and who starts on its assets."""

"""Jobs that begin when nobody waits for them any more: their submission was under way when their task was ended."""

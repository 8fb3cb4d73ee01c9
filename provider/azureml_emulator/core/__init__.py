"""What every room rests on: settings, durable state, the clock, routing, errors, the language of request bodies."""

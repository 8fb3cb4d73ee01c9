"""What every room uses: settings, durable state, time, routing, errors, the language of request bodies."""

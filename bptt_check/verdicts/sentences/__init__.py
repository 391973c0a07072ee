"""Words for verdicts: parts of messages, and what is told of wrong results and further calls."""

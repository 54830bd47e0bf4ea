"""The way from the first text to an appointment: what was answered, what comes next, what it means."""

"""What faces people: SMS webhooks, web chat, the case managers' console; and the worker that sends and answers."""

"""Nobody in danger is missed: every inbound message is assessed before anything else looks at it.

`assess` says what a text shows, `beside` does that in a process of its own; `response.on_message` acts on it inside the
receiving transaction, `response.release` is the staff's. Nothing is imported here: the process that only reads texts
loads no more than it needs.
"""

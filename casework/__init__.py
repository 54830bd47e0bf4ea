"""The core: what a case is, and everything that may be done with one. Knows neither Rasa nor the web."""

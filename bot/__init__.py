"""The dialogue model's own world: Rasa 3.6 on Python 3.10. Nothing of the service is imported here."""

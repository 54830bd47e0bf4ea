"""The dialogue model's custom actions: thin handlers over `casework`, served on loopback by Rasa's webhook protocol."""

"""The copilot over HTTP: doors for signals, the API, health. `urls` can be included in a Django project."""

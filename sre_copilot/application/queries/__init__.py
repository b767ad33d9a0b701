"""The read side: what people look at."""

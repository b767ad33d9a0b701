"""PostgreSQL itself: the embedded server, its roles, and the SQL of row security."""

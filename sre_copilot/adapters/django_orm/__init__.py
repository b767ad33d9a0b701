"""Django ORM on PostgreSQL: how the domain is stored."""

"""Repositories: the ports of the unit of work on PostgreSQL. Every query names the tenant, row security or not."""

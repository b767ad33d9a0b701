"""Jobs and the schedule, run by processes of their own: on procrastinate, in our PostgreSQL."""

"""Local deployment: a private PostgreSQL, Redis and Mosquitto, and the processes of each tier, under supervisord."""

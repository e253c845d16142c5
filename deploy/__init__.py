"""How a city is brought up: on one machine (local), in containers (Dockerfile, docker-compose.yml)."""

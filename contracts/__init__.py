"""What the services promise each other and the outside. Imports pydantic and the standard library only."""

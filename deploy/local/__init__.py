"""The embedded city: broker, store and every service as processes of one machine, on loopback only."""

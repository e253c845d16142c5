"""What every service needs and none writes twice. The only place that imports nameko, kombu, amqp and eventlet."""

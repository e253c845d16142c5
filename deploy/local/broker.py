"""The city's own RabbitMQ node, with an epmd of its own: loopback only, as the current user, data below the home.

Debian's package supplies the program; its service, its configuration and its data are not touched.
"""

from pathlib import Path

from deploy.local.home import Home
from deploy.local.processes import Plan
from deploy.rights import ADMIN, BROKER_USERS, VHOST, definitions

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

CONF = """\
listeners.tcp.1 = 127.0.0.1:{port}
definitions.import_backend = local_filesystem
definitions.local.path = definitions.json
definitions.skip_if_unchanged = true
cluster_name = yiwang
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
# the default of 512 MB is also the memory that the write-ahead log may hold
raft.wal_max_size_bytes = 67108864
log.file = false
log.console = true
log.console.level = info
log.connection.level = error
"""
# two schedulers are enough for one city and leave the cores to the services
ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2"


def url(home: Home, user: str) -> str:
    """The AMQP URL of one broker user of this city."""
    return f"amqp://{user}:{home.secret(f'broker.{user}')}@127.0.0.1:{home.port('broker')}/{VHOST}"


def plans(home: Home) -> list[Plan]:
    """Write the node's configuration and tell how to run epmd and the node."""
    names = str(home.port("epmd"))
    epmd = Plan("epmd", "节点登记", ["epmd", "-address", "127.0.0.1", "-port", names], f"tcp:{names}")
    ready, env = f"amqp:{home.port('broker')}", _environment(home)
    return [epmd, Plan("broker", "消息总线", [str(SERVER)], ready, env, ["epmd"], 20, str(home.path / "broker"))]


def _environment(home: Home) -> dict[str, str]:
    base = home.directory("broker")
    passwords = {user: home.secret(f"broker.{user}") for user in (ADMIN, *BROKER_USERS)}
    home.write("broker/definitions.json", definitions(passwords))
    conf = home.write_text("broker/rabbitmq.conf", CONF.format(port=home.port("broker")))
    cookie = base / ".erlang.cookie"
    if not cookie.exists():
        home.write_text("broker/.erlang.cookie", home.secret("broker.cookie")).chmod(0o400)
    return {
        "HOME": str(base),
        "ERL_EPMD_PORT": str(home.port("epmd")),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # epmd is a child of the supervisor: no Erlang program may start one that outlives the city
        "ERL_FLAGS": "-start_epmd false",
        "ERL_CRASH_DUMP": str(base / "erl_crash.dump"),
        # run the virtual machine in place of the shell script, so that the process id and the signals are its own
        "RUNNING_UNDER_SYSTEMD": "true",
        "RABBITMQ_NODENAME": "yiwang@localhost",
        "RABBITMQ_DIST_PORT": str(home.port("broker-distribution")),
        "RABBITMQ_CONF_ENV_FILE": str(home.write_text("broker/rabbitmq-env.conf", "")),
        "RABBITMQ_CONFIG_FILE": str(conf),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home.write_text("broker/advanced.config", "[].\n")),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home.write_text("broker/enabled_plugins", "[].\n")),
        "RABBITMQ_MNESIA_BASE": str(base / "data"),
        "RABBITMQ_MNESIA_DIR": str(base / "data" / "node"),
        "RABBITMQ_PLUGINS_EXPAND_DIR": str(base / "data" / "plugins"),
        "RABBITMQ_SCHEMA_DIR": str(base / "data" / "schema"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(base / "data" / "config"),
        "RABBITMQ_LOG_BASE": str(home.logs),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_MAX_NUMBER_OF_PROCESSES": "65536",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
    }

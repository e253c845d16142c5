"""`python -m deploy.prepare <directory>`: write what the containers of docker-compose.yml read at their start.

From the environment: `BROKER_<USER>_PASSWORD` for every broker user and `ADMIN_KEY`, the first bearer key of the city.
Writes definitions.json (RabbitMQ) and clients.json (gateway); both hold hashes only.
"""

import json
import os
import sys
from pathlib import Path

from contracts.shared import Scope
from deploy.rights import ADMIN, BROKER_USERS, client, definitions


def main(directory: Path) -> int:
    """Write both files; 1 when the environment lacks a secret, which is named."""
    wanted = {user: f"BROKER_{user.upper()}_PASSWORD" for user in (ADMIN, *BROKER_USERS)}
    missing = [name for name in (*wanted.values(), "ADMIN_KEY") if not os.environ.get(name)]
    if missing:
        print(f"环境变量未设置 / not set: {', '.join(missing)}", file=sys.stderr)
        return 1
    passwords = {user: os.environ[name] for user, name in wanted.items()}
    first = client(ADMIN, "系统管理员", os.environ["ADMIN_KEY"], [Scope.ADMIN])
    for name, content in (("definitions.json", definitions(passwords)), ("clients.json", [first])):
        (directory / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

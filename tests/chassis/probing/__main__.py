import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch()

from probing.probe import ProbeService  # noqa: E402
from services.chassis.run import run  # noqa: E402

raise SystemExit(run(ProbeService))

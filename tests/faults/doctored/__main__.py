"""`python -m tests.faults.doctored <service> <law that it breaks>`: a service of the product on a doctored chassis."""

import os
import sys
import warnings

warnings.filterwarnings("ignore", message=r"(?s).*Eventlet is deprecated")
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
import eventlet  # noqa: E402

eventlet.monkey_patch()

from services.chassis.run import main  # noqa: E402
from tests.faults.doctored.chassis import DOCTORED  # noqa: E402

DOCTORED[sys.argv[2]]()
sys.exit(main(sys.argv[1]))

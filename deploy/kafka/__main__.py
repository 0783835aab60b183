"""Command line: `python -m deploy.kafka start|stop FOLDER`; start prints the address for clients."""

import sys
from pathlib import Path

from deploy.kafka.broker import Broker, BrokerUnavailable

if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
    sys.exit("usage: python -m deploy.kafka start|stop FOLDER")
broker = Broker(Path(sys.argv[2]))
try:
    if sys.argv[1] == "start":
        broker.start()
        print(broker.bootstrap)
    else:
        broker.stop()
except BrokerUnavailable as reason:
    sys.exit(str(reason))

"""Asks for a body by the client that openapi-python-client generated: `python read.py ADDRESS TOKEN`."""

import json
import sys
from datetime import date

from registry.api.organisations import get_organisation
from registry.client import AuthenticatedClient

_, address, token = sys.argv
client = AuthenticatedClient(base_url=f"{address}/registry", token=token)
found = get_organisation.sync(code="14Y", client=client, as_at=date(2018, 4, 1))
print(json.dumps({"name": found.name, "kind": found.kind, "since": str(found.since)}))

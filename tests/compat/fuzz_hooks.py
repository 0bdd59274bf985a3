"""What schemathesis needs to know: real ids in place of invented ones, and which answer is a crash.

Loaded by schemathesis itself (SCHEMATHESIS_HOOKS); `fuzz.py` gives the ids in MUSTER_FUZZ_IDS.
"""
import json
import os
import random

import schemathesis

IDS = json.loads(os.environ["MUSTER_FUZZ_IDS"])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Two of three times an id that exists, so that the request gets past the first check."""
    for name in list(path_parameters or {}):
        if name in IDS and random.random() < 0.67:
            path_parameters[name] = IDS[name]
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name in list(body):
            if name in IDS and random.random() < 0.67:
                body[name] = IDS[name]
    return body


@schemathesis.check
def no_crash(context, response, case):
    """501 is the protocol's word for what a site does not offer; every other 5xx is a bug."""
    if response.status_code >= 500 and response.status_code not in (501, 503):
        raise AssertionError(f"{response.status_code}: {response.text[:500]}")

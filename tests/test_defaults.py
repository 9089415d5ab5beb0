"Torch's defaults are the user's: whatever device and precision they have chosen, a run is the same, draw by draw."
import subprocess, sys

import pytest

from arm_nb.methods import METHODS

PROGRAM = '''
import dataclasses, sys, torch
if sys.argv[1] == 'float64': torch.set_default_dtype(torch.float64)
if sys.argv[1] == 'meta': torch.set_default_device('meta')
from arm_nb import METHODS, run
for name in sys.argv[2:]:
    has, small = METHODS[name].config.__dataclass_fields__, dict(T=2, recall_from=2, iterations=2, hidden=8, z=3, candidates=12)
    record = run(method=name, rehearsal=2, progress=False, **{k: v for k, v in small.items() if k in has})
    print(dataclasses.replace(record, seconds={}, versions={}).to_json())
'''


@pytest.fixture(scope='module')
def records(tmp_path_factory):
    ask = lambda default: subprocess.run([sys.executable, '-c', PROGRAM, default, *METHODS], cwd=tmp_path_factory.mktemp('d'), capture_output=True, text=True, check=True).stdout
    return {default: ask(default) for default in ('none', 'meta', 'float64')}


@pytest.mark.parametrize('default', ['meta', 'float64'])
def test_a_run_does_not_depend_on_torchs_defaults(default, records):
    assert records[default] == records['none'] and records['none'].count('"complete": true') == len(METHODS)

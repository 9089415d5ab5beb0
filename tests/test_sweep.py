"A sweep whose workers are killed: only what was in their hands is done again, and the records are those of a plain loop."
import os, signal, subprocess, sys, time
from pathlib import Path

import pytest

from arm_nb.divergence import DIVERGENCES
from arm_nb.experiment import load_records, run, sweep

METHOD, SEEDS = 'lwf', range(4)
SWEEP = f'''
from arm_nb.experiment import sweep
if __name__ == '__main__': sweep(methods=[{METHOD!r}], seeds={list(SEEDS)}, folder='runs', workers=2, eta_0=.02)
'''


def workers_of(pid):
    "Process ids of the joblib workers that a process has started."
    found = []
    for p in Path('/proc').glob('[0-9]*'):
        try: parent, line = int((p/'stat').read_text().rsplit(')', 1)[1].split()[1]), (p/'cmdline').read_text()
        except (OSError, IndexError): continue
        if parent == pid and 'popen_loky' in line: found.append(int(p.name))
    return found


def wait_for(what, seconds=120):
    end = time.time() + seconds
    while not (found := what()):
        assert time.time() < end, f'waited {seconds} s in vain'
        time.sleep(.005)
    return found


@pytest.fixture(scope='module')
def plain(): return [run(method=METHOD, seed=s, eta_0=.02, progress=False) for s in SEEDS]


@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='no /proc here to find the workers in')
def test_a_killed_worker_loses_only_its_own_run(tmp_path, plain):
    (tmp_path/'s.py').write_text(SWEEP)
    p = subprocess.Popen([sys.executable, 's.py'], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: [*tmp_path.glob('runs/**/*.checkpoint')])                     # both are at work, one has finished a task
    os.kill(wait_for(lambda: workers_of(p.pid))[0], signal.SIGKILL)
    out, err = p.communicate(timeout=300)
    assert p.returncode == 0, err
    records = load_records(tmp_path/'runs')
    assert len(records) == 4 and all(a.same(b) for a, b in zip(records, plain))
    assert not [*tmp_path.glob('runs/**/*.checkpoint')] and not [*tmp_path.glob('runs/**/*.incomplete')]


def test_a_killed_sweep_goes_on_where_it_was(tmp_path, plain):
    (tmp_path/'s.py').write_text(SWEEP)
    p = subprocess.Popen([sys.executable, 's.py'], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: [*tmp_path.glob('runs/**/seed-*.json')])                      # a first run has ended, others are under way
    os.killpg(p.pid, signal.SIGKILL)                                               # the sweep and all its workers
    p.wait()
    done = {f: f.stat().st_mtime_ns for f in tmp_path.glob('runs/**/seed-*.json')}
    assert 0 < len(done) < 4, 'killed too late to test anything'
    records = sweep(methods=[METHOD], seeds=SEEDS, folder=tmp_path/'runs', workers=2, eta_0=.02)
    assert all(a.same(b) for a, b in zip(records, plain))
    assert all(f.stat().st_mtime_ns == t for f, t in done.items()), 'a finished run was run again'


def test_workers_have_the_divergences_of_this_process(tmp_path, monkeypatch):
    def total_variation_distance(logits_old, logits_new): return .5 * (logits_old.softmax(-1) - logits_new.softmax(-1)).abs().sum(-1)
    monkeypatch.setitem(DIVERGENCES, 'tvd', total_variation_distance)
    records = sweep(methods=['arm'], seeds=range(2), folder=tmp_path, workers=2, div='tvd', S=1)
    for r in records: assert r.same(run(method='arm', seed=r.seed, div='tvd', S=1, progress=False)) and r.config['div'] == 'tvd'

"""A campaign, not a test: runs that are killed, disks that fill up, several processes on one store. Is anything lost, or torn?

    python benchmarks/kills.py [--run 150] [--sweep 50] [--disks 10] [--stores 20] [--seed 0]

run     a run of ARM, ER or iCaRL that saves a checkpoint after every few iterations is killed (SIGKILL) at a random moment, again and again,
        until it has come to its end. Its record must equal that of a run that was never disturbed, bit for bit, and no temporary file may
        be taken for a record.
sweep   the same for a sweep of six runs with two workers: the sweep's process, or one of its workers.
disks   a store on a file system that is too small (needs root, for a tmpfs): the run must say which file could not be written, and the
        same run must come to its end once there is room.
stores  three processes sweep the same store at the same time: one record a run, none torn.
"""
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch

from arm_nb.experiment import Stopped, ask, fit_and_keep, threads
from arm_nb.record import RunRecord, load_records, run_path
from arm_nb.sweeps import sweep

RUNS = [('arm', 1), ('er', 2), ('icarl', 3)]
SHORT = dict(rehearsal=12, eval_every=8)


def go(method: str, seed: int, folder: Path, every: int) -> RunRecord:
    "One short run into a folder, going on from its checkpoint if there is one."
    asked = ask('mnist-mini', method, seed, progress=False, **SHORT)
    asked.learner.update(checkpoint=run_path(asked.head(), folder).with_suffix('.checkpoint'), checkpoint_every=every)
    with threads(1): return fit_and_keep(asked.build(), folder)[0]


def child(f, *args) -> int:
    "The process id of a fork that does f(*args) and ends without a word."
    pid = os.fork()
    if pid: return pid
    try: f(*args); os._exit(0)
    except BaseException: os._exit(1)


def kills_of_runs(n: int, rng: random.Random) -> str:
    "Kill runs n times in all; every run must end as if nothing had been."
    whole = {m: go(m, s, Path(tempfile.mkdtemp()), 0) for m, s in RUNS}
    took, killed, runs = {}, 0, 0
    while killed < n:
        method, seed = rng.choice(RUNS)
        folder, every = Path(tempfile.mkdtemp()), rng.choice((1, 3, 7))
        took.setdefault(method, 2.)
        for attempt in range(100):
            start = time.time()
            pid = child(go, method, seed, folder, every)
            time.sleep(rng.uniform(0, took[method]))
            alive = os.waitpid(pid, os.WNOHANG)[0] == 0
            if alive and attempt < 6:
                os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0); killed += 1
                continue
            if alive: _, status = os.waitpid(pid, 0); took[method] = max(took[method], time.time() - start)
            break
        record, = load_records(folder)
        assert record.same(whole[method]), f'{method}: another record after kills, in {folder}'
        assert [p for p in folder.rglob('*.checkpoint')] == [], f'a checkpoint is left in {folder}'
        runs += 1
    return f'{killed} kills of {runs} runs: every record equals the undisturbed one'


SWEEP = '''
import sys
from arm_nb.sweeps import sweep
if __name__ == '__main__': sweep('mnist-mini', ['naive', 'er', 'lwf'], [0, 1], folder=sys.argv[1], workers=2, rehearsal=30, checkpoint_every=5, progress=False)
'''


def kills_of_sweeps(n: int, rng: random.Random) -> str:
    "Kill a sweep, or one of its workers, n times; then let it finish."
    reference = Path(tempfile.mkdtemp())
    sweep('mnist-mini', ['naive', 'er', 'lwf'], [0, 1], folder=reference, workers=1, rehearsal=30, progress=False)
    whole, killed, sweeps = {(r.method, r.seed): r for r in load_records(reference)}, 0, 0
    while killed < n:
        folder = Path(tempfile.mkdtemp())
        for attempt in range(5):
            sub = subprocess.Popen([sys.executable, '-c', SWEEP, str(folder)], stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(rng.uniform(4, 14))
            if sub.poll() is not None: break
            workers = [int(p) for p in subprocess.run(['pgrep', '-P', str(sub.pid)], capture_output=True, text=True).stdout.split()]
            if attempt == 4 or rng.random() < .5 and workers:                  # a worker: the sweep goes on by itself
                if workers and attempt < 4: os.kill(rng.choice(workers), signal.SIGKILL); killed += 1
                sub.wait(timeout=3600); break
            os.killpg(sub.pid, signal.SIGKILL); sub.wait(); killed += 1
        records = sweep('mnist-mini', ['naive', 'er', 'lwf'], [0, 1], folder=folder, workers=1, rehearsal=30, checkpoint_every=5, progress=False)
        assert len(records) == len(load_records(folder)) == 6
        for r in records: assert r.same(whole[r.method, r.seed]), f'{r.method}, seed {r.seed}: another record, in {folder}'
        sweeps += 1
    return f'{killed} kills in {sweeps} sweeps of six runs: every record equals the undisturbed one'


def full_disks(n: int, rng: random.Random) -> str:
    "Runs on a file system that is too small, then on the same one made larger."
    whole = go('er', 2, Path(tempfile.mkdtemp()), 0)
    for _ in range(n):
        folder, size = Path(tempfile.mkdtemp()), rng.choice((16, 64, 512, 2048, 3000))     # kB; a checkpoint has 2 MB
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size}k', 'tmpfs', folder], check=True)
        try:
            (folder/'ballast').write_bytes(bytes(max(0, size*1024 - rng.choice((0, 8, 40))*1024)))
            said = ''
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter('always')
                try: record = go('er', 2, folder, 3)
                except (Stopped, OSError) as e: said = str(e)
            told = said + ' '.join(str(w.message) for w in warned)
            assert str(folder) in told and 'No space left' in told, f'the file is not named: {told!r}'
            assert said or record.same(whole)
            (folder/'ballast').unlink()
            subprocess.run(['mount', '-o', 'remount,size=50m', folder], check=True)
            assert go('er', 2, folder, 3).same(whole)
            assert len(load_records(folder)) == 1
        finally: subprocess.run(['umount', folder], check=True)
    return f'{n} full disks: the file was named each time, and the run came to its end once there was room'


def one_store(n: int, rng: random.Random) -> str:
    "Three processes sweep one store at a time."
    for _ in range(n):
        folder = Path(tempfile.mkdtemp())
        def work(): sweep('mnist-mini', ['naive'], range(4), folder=folder, workers=1, rehearsal=10, progress=False)
        pids = [child(work) for _ in range(3)]
        assert all(os.waitpid(pid, 0)[1] == 0 for pid in pids), f'a process failed on {folder}'
        assert sorted(r.seed for r in load_records(folder)) == [0, 1, 2, 3]
        assert not [p for p in folder.rglob('*') if p.is_file() and p.suffix != '.json'], f'something is left in {folder}'
    return f'{n} times three processes on one store: one record a run, none torn'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('run', 150), ('sweep', 50), ('disks', 10), ('stores', 20), ('seed', 0)): parser.add_argument(f'--{name}', type=int, default=default)
    args, parts = parser.parse_args(), dict(run=kills_of_runs, sweep=kills_of_sweeps, disks=full_disks, stores=one_store)
    torch.set_num_threads(1)
    rng = random.Random(args.seed)
    for name, part in parts.items():
        if n := getattr(args, name): print(part(n, rng), flush=True)


if __name__ == '__main__': main()

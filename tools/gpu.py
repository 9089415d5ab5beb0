"""What `tools/gpu.sh` does. Parts, each with a time of its own, and none stops the next:
data unpacked from the pieces that were carried here; tests/test_cuda.py; benchmarks/bench_gpu.py; a sweep over the rows of tools/long_runs.sh that
results/runs does not have, in one pool, slowest on a CPU first. At its end the sweep is killed, and what it has is put where it is fetched from."""
import argparse
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from time import monotonic

ROOT = Path(__file__).resolve().parents[1]
MIB = 2**20
TRAVELS = 64 * MIB                                     # a call takes the working tree and what is carried, together
PIECE, PIECES = 15 * MIB, 4                            # of checkpoints: with three logs and the records, 8 files and 64 MiB come back
SECONDS = dict(unpack=60, tests=120, eager=40, recorded=60, compiled=120)
FIRST = ['adi', 'gen', 'gen-mir', 'arm-noise', 'miniimagenet']           # slowest on a CPU; then the rest
EXTRA = ['row 0 gen-mir']                              # asked for where there is a card, and not among the long runs
BASE = dict(eval_every=475, channels_last=True, compile=True)            # as in tools/long_runs.sh: a record says so


# The rows
def option(line: str) -> dict:
    "What a line `[DATA=name] row SEEDS NAMES OPTIONS` asks for."
    p = argparse.ArgumentParser(prog=line, exit_on_error=False)
    p.add_argument('--set', action='append', default=[])
    p.add_argument('--flavour', default='released')
    p.add_argument('--eval-on', default='test')
    p.add_argument('--eval-every', type=int, default=BASE['eval_every'])
    p.add_argument('--keep-network', action='store_true')                # not on a card: networks are too large to come back
    data, seeds, names, options = re.fullmatch(r'(?:DATA=(\S+) +)?row +(\S+) +(\S+)(.*)', line).groups()
    return dict(vars(p.parse_args(shlex.split(options))), data=data or 'cifar10', seeds=seeds, names=names.split(','), line=line)


def rows(script: Path, only: str = '') -> list[dict]:
    "One name a row, in the order in which a card takes them."
    from arm_nb.methods import row_of
    lines = [line.split('#')[0].strip() for line in script.read_text().splitlines()]
    lines = [line for line in lines if re.match(r'(DATA=\S+ +)?row ', line)]
    found = [dict(row, names=[name]) for row in map(option, lines + EXTRA * (script.name == 'long_runs.sh')) for name in row['names']]
    def rank(row):
        base = row_of(row['names'][0])[0]
        kinds = [k for k in FIRST if k in (row['data'], row['names'][0], base)]
        return min(map(FIRST.index, kinds), default=len(FIRST))
    return sorted((row for row in found if re.search(only, row['line'])), key=rank)


def jobs_of(row: dict, a) -> list:
    "The runs of a row that the store does not have."
    from arm_nb.cli import grid_of, seeds_of
    from arm_nb.sweeps import done, plan
    more = dict(root=a.data, flavour=row['flavour'], eval_on=row['eval_on'], **BASE | dict(eval_every=row['eval_every']),
                device=a.device, checkpoint_every=a.checkpoint_every, rehearsal=a.iterations)
    return [job for job in plan(row['data'], row['names'], seeds_of(row['seeds']), a.store, grid_of(row['set'], row['names']), **more) if not done(job)]


def compiles(row: dict) -> bool:
    from arm_nb.methods import METHODS, row_of
    return hasattr(METHODS[row_of(row['names'][0])[0]].strategy, 'compile')


def sweep(a) -> None:
    "All missing runs through one pool. Killed from outside when the time is over: checkpoints stay."
    from arm_nb.streams import is_there
    from arm_nb.sweeps import in_parallel
    todo = {}
    for row in rows(a.script, a.rows):
        if not is_there(row['data'], a.data): print(f'not here, {row["data"]}: {row["line"]}')
        elif row['names'] == ['gem'] and not find_spec('quadprog'): print(f'left out, gem: it needs quadprog, and is a matter of minutes on a CPU: {row["line"]}')
        elif a.not_compiled and compiles(row): print(f'left out, since the tests did not pass and it would be compiled: {row["line"]}')
        else: todo |= {job.path: job for job in jobs_of(row, a) if job.path not in todo}
    print(f'{len(todo)} runs are missing, {a.workers} at a time on {a.device}', flush=True)
    for path, why in in_parallel([*todo.values()], a.workers): print(path.relative_to(a.store), why and 'FAILED: ' + why, flush=True)


# What comes back
def whole(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + '.part')
    part.write_bytes(data)
    part.replace(path)


def tar_of(files: dict) -> bytes:
    "A tar of name -> bytes."
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode='w') as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return memory.getvalue()


def progress(checkpoint: bytes) -> tuple[float, int, int]:
    "Of a checkpoint: seconds it took, iterations done, iterations in all."
    import torch
    from arm_nb.record import RunRecord
    state = torch.load(io.BytesIO(checkpoint), map_location='cpu', weights_only=True)
    record = RunRecord.from_json(state['record'])
    return sum(record.seconds.values()), record.n_iterations, sum(state['identity']['batches'])


def bring(store: Path, there: Path, out: Path) -> list[str]:
    "New records, thinned, and as many checkpoints as may come back, those that took longest first. What it says about them."
    import gzip
    from arm_nb.record import RunRecord
    said, records, kept = [], {}, {}
    for path in sorted(store.glob('**/seed-*.json')):
        name = str(path.relative_to(store))
        if (there/name).exists(): continue
        record = RunRecord.load(path)
        records[name] = record.thinned().to_json().encode()
        said.append(f'{name}: whole, {record.n_iterations} iterations in {record.seconds["train"]:.0f} s and {record.seconds["eval"]:.0f} s of tests, '
                    f'{record.average_accuracy:.1%} ({record.forgetting:.1%})')
    if records: whole(out/'records.tar.gz', gzip.compress(tar_of(records), mtime=0))
    found = []
    for path in store.glob('**/*.checkpoint'):
        with suppress(FileNotFoundError): found.append((path, path.read_bytes()))              # it came to its end just now
    room = PIECE * PIECES
    for took, path, data, done, n in sorted(((took, path, data, done, n) for path, data in found for took, done, n in [progress(data)]), reverse=True):
        fits = room >= len(data) + 20 * 1024                                                   # and tar's own blocks
        if fits: kept[str(path.relative_to(store))], room = data, room - len(data) - 1024
        said.append(f'{path.relative_to(store)}: {done} of {n} iterations in {took:.0f} s{"" if fits else "; its checkpoint does not fit and stays there"}')
    packed = tar_of(kept) if kept else b''
    for i in range(PIECES):
        piece = packed[i * PIECE:(i + 1) * PIECE]
        if piece: whole(out/f'checkpoints.tar.{i}', piece)
        else: (out/f'checkpoints.tar.{i}').unlink(missing_ok=True)
    return said


# What goes there
def pack(shared: Path, data: list[str], checkpoints: Path | None) -> None:
    "One tar of the packed data (and of checkpoints to go on from), in as many pieces as calls are needed; and those calls."
    zips = dict(cifar10=['cifar10-a.zip', 'cifar10-b.zip'], miniimagenet=['miniimagenet-60.zip'])
    files = {name: (shared/name).read_bytes() for name in ['unpack.py', *(z for d in data for z in zips[d])]}
    if checkpoints: files |= {f'runs/{p.relative_to(checkpoints)}': p.read_bytes() for p in checkpoints.glob('**/*.checkpoint')}
    listed = subprocess.run(['git', 'ls-files', '-zco', '--exclude-standard'], cwd=ROOT, capture_output=True, check=True).stdout.decode().split('\0')
    tree = sum((ROOT/name).lstat().st_size for name in listed if name and (ROOT/name).exists())
    room, tar = TRAVELS - tree - MIB, tar_of(files)
    if room < 8 * MIB: sys.exit(f'the working tree has {tree / MIB:.0f} MiB: too little room is left beside it')
    n = -(-len(tar) // room)
    carry, size = ROOT/'data'/'carry', -(-len(tar) // n)
    shutil.rmtree(carry, ignore_errors=True)
    carry.mkdir(parents=True)
    print(f'The working tree has {tree / MIB:.1f} MiB, the data {len(tar) / MIB:.1f}: {n} calls, one after the other without a pause:')
    for i in range(n):
        (carry/f'piece-{i + 1}-of-{n}').write_bytes(tar[i * size:(i + 1) * size])
        minutes = 4 if i + 1 < n else 8
        print(f"run(carry=['data/carry/piece-{i + 1}-of-{n}'], command='bash tools/gpu.sh --minutes {minutes}', timeout_s={60 * minutes + 30})")


def unpack(data: Path, store: Path) -> str:
    "From the pieces, if all are here, to where arm_nb looks. Says what there is."
    pieces = sorted((data/'carry').glob('piece-*-of-*'), key=lambda p: int(p.name.split('-')[1]))
    n = int(pieces[0].name.split('-')[-1]) if pieces else 0
    if not pieces: return 'nothing new was carried here'
    if len(pieces) < n: return f'{len(pieces)} of {n} pieces are here'
    packed = data/'carry'/'packed'
    with tarfile.open(fileobj=io.BytesIO(b''.join(p.read_bytes() for p in pieces))) as tar: tar.extractall(packed, filter='data')
    if (packed/'runs').exists():
        for p in (packed/'runs').glob('**/*.checkpoint'):
            to = store/p.relative_to(packed/'runs')
            to.parent.mkdir(parents=True, exist_ok=True)
            if not to.exists(): shutil.copy(p, to)
    names = [d for d, z in (('cifar10', 'cifar10-b.zip'), ('miniimagenet', 'miniimagenet-60.zip')) if (packed/z).exists()]
    subprocess.run([sys.executable, packed/'unpack.py', data, *names], check=True, timeout=SECONDS['unpack'])
    for p in pieces: p.unlink()
    return f'unpacked: {", ".join(names)}'


# The parts, one after the other
def part(command: list, log: Path, seconds: float, now_and_then=None) -> str:
    "A command in a session of its own, which ends at its time with all that it started. '' or what became of it."
    if seconds < 10: return 'no time was left'
    end = monotonic() + seconds
    with open(log, 'a') as f:
        process = subprocess.Popen(list(map(str, command)), stdout=f, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT, start_new_session=True)
    try:
        while monotonic() < end:
            with suppress(subprocess.TimeoutExpired): return f'exit code {code}' if (code := process.wait(max(0, min(45, end - monotonic())))) else ''
            if now_and_then: now_and_then()
        return f'ended after {seconds:.0f} s'
    finally:
        with suppress(ProcessLookupError): os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired): process.wait(5)


def end_of(log: Path, lines: int) -> str: return '\n'.join('    ' + line[:300] for line in log.read_text(errors='replace').splitlines()[-lines:]) if log.exists() else ''


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--minutes', type=float, default=8., help='it ends by itself after so many')
    p.add_argument('--out', type=Path, default=Path(os.environ.get('OUT', 'gpu-out')))
    p.add_argument('--data', type=Path, default=Path(os.environ.get('ARM_NB_ROOT', 'data')), help="torchvision's root folder")
    p.add_argument('--store', type=Path, default=Path('data/gpu-runs'), help='where runs go on from, on this machine')
    p.add_argument('--script', type=Path, default=ROOT/'tools'/'long_runs.sh', help='whose rows')
    p.add_argument('--rows', default='', help='only those whose line matches')
    p.add_argument('--parts', default='unpack,tests,bench,sweep')
    p.add_argument('--rehearse', action='store_true', help='on the CPU, two workers, each part with four times its time')
    p.add_argument('--iterations', type=int, default=0, help='of each task')
    p.add_argument('--workers', type=int, default=12)
    p.add_argument('--checkpoint-every', type=int, default=50)
    p.add_argument('--plan', action='store_true')
    p.add_argument('--pack', type=Path, metavar='FOLDER')
    p.add_argument('--with', dest='packed', default='cifar10', help='what is packed: cifar10,miniimagenet')
    p.add_argument('--checkpoints', type=Path, help='a store whose checkpoints are packed, too')
    p.add_argument('--sweep', action='store_true', help=argparse.SUPPRESS)
    p.add_argument('--device', default='cuda', help=argparse.SUPPRESS)
    p.add_argument('--not-compiled', action='store_true', help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.rehearse: a.device, a.workers, a.iterations = 'cpu', min(a.workers, 2), a.iterations or 20
    if a.plan: return print('\n'.join(f'{row["data"]:12} {row["names"][0]:20} {row["line"]}' for row in rows(a.script, a.rows)))
    if a.pack: return pack(a.pack, a.packed.split(','), a.checkpoints)
    if a.sweep: return sweep(a)
    go(a)


def go(a) -> None:
    end = monotonic() + 60 * a.minutes - 15                     # what is left is for bringing things back
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that what it started is ended, too
    late = Timer(60 * a.minutes + 15, os._exit, [124])          # whatever hangs
    late.daemon = True
    late.start()
    seconds = {k: v * (4 if a.rehearse else 1) for k, v in SECONDS.items()}
    def left(name=None): return min(end - monotonic(), seconds.get(name, 1e9))
    a.out, a.data, a.store = (d.resolve() for d in (a.out, a.data, a.store))
    for folder in (a.out, a.store): folder.mkdir(parents=True, exist_ok=True)
    asked = a.parts.split(',')
    mark = a.store/'checked'                                    # of an earlier call on this machine: what the tests and timings said

    if 'unpack' in asked:
        try: print('data:', unpack(a.data, a.store), flush=True)
        except Exception as e: print(f'data: {type(e).__name__}: {e}', flush=True)
    if 'tests' in asked and not (mark/'tests').exists():
        if a.rehearse: os.environ['CUDA_TESTS_ON'] = 'cpu'
        why = part([sys.executable, '-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', 'tests/test_cuda.py'], a.out/'tests.txt', left('tests'))
        print(f'tests: {why or "passed"}\n{end_of(a.out/"tests.txt", 12)}', flush=True)
        if 'ended' not in why and 'no time' not in why: mark.mkdir(exist_ok=True); (mark/'tests').write_text(why)
    if 'bench' in asked:
        for way in 'eager', 'recorded', 'compiled':
            if (mark/way).exists(): continue
            why = part([sys.executable, 'benchmarks/bench_gpu.py', '--device', a.device, '--ways', way, *['--rounds=2'] * a.rehearse], a.out/'bench.txt', left(way))
            print(f'one iteration, {way}: {why or "measured"}\n{end_of(a.out/"bench.txt", 3)}', flush=True)
            if not why: mark.mkdir(exist_ok=True); (mark/way).touch()
    if 'sweep' in asked and left() > 30: run_sweep(a, left(), mark)


def run_sweep(a, seconds: float, mark: Path) -> None:
    "The sweep until its time is over; all the while, what there is is brought."
    there = ROOT/'results'/'runs'
    for path in there.glob('**/seed-*.json'):                   # a thinned record answers as the whole one does
        to = a.store/path.relative_to(there)
        to.parent.mkdir(parents=True, exist_ok=True)
        if not to.exists(): shutil.copy(path, to)
    os.environ['TORCHINDUCTOR_COMPILE_THREADS'] = '1'           # each worker compiles by itself
    command = [sys.executable, __file__, '--sweep', '--device', a.device, '--workers', a.workers, '--iterations', a.iterations, '--data', a.data,
               '--store', a.store, '--script', a.script, f'--rows={a.rows}', '--checkpoint-every', a.checkpoint_every]
    passed = (mark/'tests').exists() and not (mark/'tests').read_text()
    if 'tests' in a.parts and not passed: command.append('--not-compiled')
    why = part(command, a.out/'sweep.txt', seconds, lambda: bring(a.store, there, a.out))
    said = '\n'.join(bring(a.store, there, a.out))
    with open(a.out/'sweep.txt', 'a') as f: f.write(said + '\n')
    print(f'sweep: {why or "all runs are there"}\n{end_of(a.out/"sweep.txt", 60)}', flush=True)


if __name__ == '__main__': main()
